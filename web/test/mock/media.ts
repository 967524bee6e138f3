import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-tune',
  'zerolatency',
  '-profile:v',
  'main',
  '-level',
  '3.1',
  '-bf',
  '0',
  '-pix_fmt',
  'yuv420p',
];
export const MSE_CODECS = 'avc1.4d401f';

const scene = (name: string): string => {
  const hue = Array.from(name).reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, 0) % 360;
  return `testsrc2=size=640x360:rate=12,hue=h=${String(hue)}:s=0.5,eq=brightness=-0.15`;
};

/** Still picture and clip of a camera, made once by ffmpeg. */
export function mediaFile(folder: string, name: string, kind: 'jpg' | 'mp4'): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.${kind}`);
  if (existsSync(file)) return file;
  const output =
    kind === 'jpg'
      ? ['-frames:v', '1', '-q:v', '5']
      : ['-t', '40', ...H264, '-g', '24', '-movflags', '+faststart'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', scene(name), ...output, file]);
  return file;
}

/** Fragmented MP4 in real time: the init segment first, then each moof with its mdat. Returns the function that ends it. */
export function liveFragments(name: string, send: (data: Buffer) => void): () => void {
  const child: ChildProcess = spawn(
    'ffmpeg',
    [
      '-v',
      'error',
      '-re',
      '-f',
      'lavfi',
      '-i',
      scene(name),
      ...H264,
      '-g',
      '24',
      '-f',
      'mp4',
      '-movflags',
      'frag_every_frame+empty_moov+default_base_moof',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let pending = Buffer.alloc(0);
  let group: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 8 && pending.length >= pending.readUInt32BE(0)) {
      const size = pending.readUInt32BE(0);
      const type = pending.toString('latin1', 4, 8);
      group.push(pending.subarray(0, size));
      pending = pending.subarray(size);
      if (type !== 'moov' && type !== 'mdat') continue;
      send(Buffer.concat(group));
      group = [];
    }
  });
  return () => {
    child.kill('SIGKILL');
  };
}
