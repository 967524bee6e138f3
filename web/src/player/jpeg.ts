import { request } from '../api/client.ts';
import { snapshotUrl } from '../api/urls.ts';
import { API } from '../api/client.ts';
import { failureOf, type Transport, type TransportOptions } from './transport.ts';

const PAUSE_MS = 700;

/** The last rung: one still picture after the other. */
export function openJpeg({ camera, stage, onPicture, onFailed }: TransportOptions): Transport {
  const image = document.createElement('img');
  image.alt = '';
  stage.append(image);
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: string | null = null;

  const close = (): void => {
    abort.abort();
    clearTimeout(timer);
    image.remove();
    if (shown) URL.revokeObjectURL(shown);
    shown = null;
  };

  const next = async (): Promise<void> => {
    const path = snapshotUrl(camera, { height: 720 }).slice(API.length);
    const response = await request(path, { signal: abort.signal, cache: 'no-store' });
    const picture = URL.createObjectURL(await response.blob());
    if (abort.signal.aborted) {
      URL.revokeObjectURL(picture);
      return;
    }
    if (shown) URL.revokeObjectURL(shown);
    shown = picture;
    image.src = picture;
    onPicture();
    timer = setTimeout(run, document.hidden ? 5000 : PAUSE_MS);
  };

  const run = (): void => {
    next().catch((error: unknown) => {
      if (abort.signal.aborted) return;
      close();
      onFailed(failureOf(error) === 'refused' ? 'refused' : 'offline');
    });
  };

  run();
  return { setMuted: () => undefined, picture: () => image, close };
}
