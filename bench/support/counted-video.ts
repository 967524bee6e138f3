import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CountedVideo {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** A multiple of the GOP, at most 2 ** `BITS`. */
  readonly frames: number;
  readonly gop: number;
}

/** The number of a frame stands in its upper left corner: squares, white for 1, the lowest bit first. */
export const BITS = 10;
export const SQUARE = 32;

/** A moving picture whose frames carry their number, as an MP4 made by the ffmpeg command. Returns the file. */
export async function makeCountedVideo(file: string, video: CountedVideo): Promise<string> {
  const { width, height, fps, frames, gop } = video;
  const size = `${String(width)}x${String(height)}`;
  const ffmpeg = spawn(
    'ffmpeg',
    [
      ...[
        '-y',
        '-loglevel',
        'error',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'gray',
        '-s',
        size,
        '-r',
        String(fps),
        '-i',
        '-',
      ],
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-profile:v', 'main', '-preset', 'veryfast', '-bf', '0'],
      ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0', '-b:v', '3M', file],
    ],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const ended = once(ffmpeg, 'close');
  for (let number = 0; number < frames; number += 1) {
    if (!ffmpeg.stdin.write(frameOf(number, width, height))) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${String(code)}`);
  return file;
}

function frameOf(number: number, width: number, height: number): Buffer {
  const frame = Buffer.alloc(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const bit = Math.floor(x / SQUARE);
      const inCounter = y < SQUARE && bit < BITS;
      const white = inCounter ? (number >> bit) & 1 : ((x + number * 3) >> 5) & ((y + number) >> 5) & 1;
      frame[y * width + x] = white === 1 ? 225 : 30;
    }
  }
  return frame;
}
