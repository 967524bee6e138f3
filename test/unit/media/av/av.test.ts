import { decode } from 'jpeg-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { annexB, toAnnexB, VideoDecoder } from '../../../../src/media/av/decoder.ts';
import { JpegEncoder } from '../../../../src/media/av/jpeg.ts';
import { Scaler } from '../../../../src/media/av/scaler.ts';
import { type MovingPicture, movingPicture } from '../../../support/moving-picture.ts';

let movie: MovingPicture;

beforeAll(async () => {
  movie = await movingPicture(25);
});

const parameterSets = () => annexB([...movie.track.sps, ...movie.track.pps]);

describe('video decoder', () => {
  it('gives every picture with its time', () => {
    const decoder = new VideoDecoder('h264', parameterSets());
    const times: number[] = [];
    for (const { data, key, pts } of movie.pictures) {
      for (const frame of decoder.decode(data, 1_700_000_000_000 + pts * 100, key))
        times.push(Number(frame.pts));
    }
    for (const frame of decoder.flush()) times.push(Number(frame.pts));
    decoder.close();
    expect(times).toEqual(movie.pictures.map(({ pts }) => (1_700_000_000_000 + pts * 100) * 1000));
    expect(decoder.errors).toBe(0);
  });

  it('counts garbage and goes on at the next key frame', () => {
    const decoder = new VideoDecoder('h264', parameterSets());
    const frames = (index: number) => {
      const { data, key } = movie.pictures[index] ?? { data: Buffer.alloc(0), key: false };
      return [...decoder.decode(data, index, key)].length;
    };
    expect(frames(0)).toBe(1);
    for (const rubbish of ['rubbish', '\0\0\0\xff rubbish', '']) {
      expect([...decoder.decode(Buffer.from(rubbish, 'latin1'), 5, false)]).toEqual([]);
    }
    expect(frames(10)).toBe(1);
    decoder.close();
  });

  it('keeps to the data when a length lies', () => {
    const data = Buffer.from([0, 0, 0, 2, 1, 2, 0xff, 0xff, 0xff, 0xff, 9]);
    expect([...toAnnexB(data)]).toEqual([0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 9]);
    expect(toAnnexB(Buffer.from([0, 0]))).toHaveLength(2);
  });
});

describe('scaling and JPEG', () => {
  const firstFrame = <T>(use: (frame: Parameters<Scaler['scale']>[0]) => T): T => {
    const decoder = new VideoDecoder('h264', parameterSets());
    try {
      for (const frame of decoder.decode(movie.pictures[0]?.data ?? Buffer.alloc(0), 0, true))
        return use(frame);
      throw new Error('no picture');
    } finally {
      decoder.close();
    }
  };

  it('gives brightness where it belongs', () => {
    const scaler = new Scaler('gray');
    const { data } = firstFrame((frame) => scaler.pixels(frame, 32, 18));
    scaler.close();
    expect(data).toHaveLength(32 * 18);
    expect(data[9 * 32 + 2]).toBeGreaterThan(190);
    expect(data[9 * 32 + 20]).toBeLessThan(150);
  });

  it('makes JPEGs that another decoder reads, smaller when asked, never larger', () => {
    const encoder = new JpegEncoder();
    const whole = firstFrame((frame) => encoder.encode(frame, 4_000));
    const small = firstFrame((frame) => encoder.encode(frame, 90));
    encoder.close();
    expect(whole).toMatchObject({ width: 320, height: 180 });
    expect(small).toMatchObject({ width: 160, height: 90 });
    const picture = decode(small.data);
    expect([picture.width, picture.height]).toEqual([160, 90]);
    expect(picture.data[(45 * 160 + 10) * 4]).toBeGreaterThan(190);
  });
});
