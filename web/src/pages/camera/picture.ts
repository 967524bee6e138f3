import type { Camera } from '../../../../src/contracts/entities.ts';

/** A name for a file of a camera, safe on every system. */
export function fileName(camera: Camera, time: number, ending: string): string {
  const date = new Date(time);
  const local = new Date(time - date.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 19)
    .replaceAll(':', '-');
  return `${camera.id}_${local}.${ending}`;
}

/** Saves what is on the screen as a file. */
export function savePicture(
  camera: Camera,
  time: number,
  picture: HTMLVideoElement | HTMLImageElement | null,
): void {
  if (!picture) return;
  const video = picture instanceof HTMLVideoElement;
  const canvas = document.createElement('canvas');
  canvas.width = video ? picture.videoWidth : picture.naturalWidth;
  canvas.height = video ? picture.videoHeight : picture.naturalHeight;
  if (canvas.width === 0) return;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  canvas.toBlob(
    (blob) => {
      if (!blob) return;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = fileName(camera, time, 'jpg');
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    },
    'image/jpeg',
    0.92,
  );
}

/** A small window that stays on top, where the browser has it. */
export function pictureInPicture(picture: HTMLVideoElement | HTMLImageElement | null): void {
  if (!(picture instanceof HTMLVideoElement) || !document.pictureInPictureEnabled) return;
  const change: Promise<unknown> = document.pictureInPictureElement
    ? document.exitPictureInPicture()
    : picture.requestPictureInPicture();
  change.catch(() => undefined);
}
