import { describe, expect, it } from 'vitest';
import type { ParameterSets } from '../../../../../src/media/codec/tracks.ts';
import { VideoAssembler } from '../../../../../src/media/source/rtsp/video.ts';
import type { VideoCodec } from '../../../../../src/media/types.ts';
import { FakeVideo, pictureNumber, SETS } from '../../../../support/rtsp/fake-video.ts';
import { videoPayloads } from '../../../../support/rtsp/payloads.ts';

const NONE: ParameterSets = { vps: [], sps: [], pps: [] };

function assembler(codec: VideoCodec = 'h264', sets: ParameterSets = NONE) {
  const seen: string[] = [];
  const announced: ParameterSets[] = [];
  let malformed = 0;
  const one = new VideoAssembler(codec, sets, {
    parameterSets: (next) => {
      announced.push(next);
      seen.push('sets');
    },
    accessUnit: (data, key, timestamp, damaged) => {
      const number = pictureNumber(data, codec);
      seen.push(`${String(number)}@${String(timestamp)}${key ? ' key' : ''}${damaged ? ' gap' : ''}`);
    },
    malformed: () => (malformed += 1),
  });
  return {
    seen,
    announced,
    malformed: () => malformed,
    /** Sends a picture; `skip` leaves packets out, `marker` false leaves the marker away. */
    send(nals: readonly Buffer[], timestamp: number, { skip = [] as number[], marker = true } = {}) {
      const payloads = videoPayloads(codec, nals, 500);
      let gap = false;
      for (const [index, payload] of payloads.entries()) {
        if (skip.includes(index)) {
          gap = true;
          continue;
        }
        one.push(payload, 0, payload.length, timestamp, marker && index === payloads.length - 1, gap);
        gap = false;
      }
      return payloads.length;
    },
    push(hex: string, timestamp: number, marker = true, gap = false) {
      const payload = Buffer.from(hex, 'hex');
      one.push(payload, 0, payload.length, timestamp, marker, gap);
    },
  };
}

const inBand = (codec: 'h264' | 'h265') => [...SETS[codec].vps, ...SETS[codec].sps, ...SETS[codec].pps];

describe('VideoAssembler', () => {
  it.each(['h264', 'h265'] as const)('puts fragments, aggregates and single units together: %s', (codec) => {
    const video = new FakeVideo({ codec, gop: 3, slices: 2 });
    const one = assembler(codec);
    for (let n = 0; n < 5; n += 1) {
      const { slices, key } = video.next();
      one.send(key ? [...inBand(codec), ...slices] : slices, n);
    }
    expect(one.seen).toEqual(['sets', '0@0 key', '1@1', '2@2', '3@3 key', '4@4']);
    expect(one.announced[0]).toEqual({
      vps: [...SETS[codec].vps],
      sps: [...SETS[codec].sps],
      pps: [...SETS[codec].pps],
    });
  });

  it('ends a picture at the next timestamp when the camera sets no marker', () => {
    const video = new FakeVideo();
    const one = assembler('h264', SETS.h264);
    for (let n = 0; n < 3; n += 1) one.send(video.next().slices, n, { marker: false });
    expect(one.seen).toEqual(['sets', '0@0 key', '1@1']);
  });

  it('waits for parameter sets before the first picture', () => {
    const video = new FakeVideo({ gop: 2 });
    const one = assembler();
    one.send(video.next().slices, 0);
    one.send(video.next().slices, 1);
    one.send([...inBand('h264'), ...video.next().slices], 2);
    expect(one.seen[0]).toBe('sets');
    expect(one.seen[1]).toMatch(/^2@2 key/);
    expect(one.seen).toHaveLength(2);
  });

  it.each([
    ['its first packet', [0]],
    ['a packet in the middle', [2]],
    ['all but the last', [0, 1, 2, 3, 4, 5, 6]],
  ])('leaves a picture out that lost %s, and marks the next', (_, skip) => {
    const video = new FakeVideo();
    const one = assembler('h264', SETS.h264);
    expect(one.send(video.next().slices, 0, { skip })).toBe(8);
    one.send(video.next().slices, 1);
    one.send(video.next().slices, 2);
    expect(one.seen).toEqual(['sets', '1@1 gap', '2@2']);
  });

  it('leaves a picture out whose last packet is lost', () => {
    const video = new FakeVideo();
    const one = assembler('h264', SETS.h264);
    one.send(video.next().slices, 0, { skip: [7] });
    // The lost packet is noticed with the first one of the next picture, which begins with its first slice.
    const payloads = videoPayloads('h264', video.next().slices, 500);
    for (const [index, payload] of payloads.entries()) {
      one.push(payload.toString('hex'), 1, index === payloads.length - 1, index === 0);
    }
    one.send(video.next().slices, 2);
    expect(one.seen).toEqual(['sets', '1@1 gap', '2@2']);
  });

  it('announces another SPS with the key frame that brings it, and the same one only once', () => {
    const video = new FakeVideo({ gop: 1 });
    const one = assembler('h264', SETS.h264);
    one.send([...inBand('h264'), ...video.next().slices], 0);
    one.send([...SETS.h264Wide.sps, ...SETS.h264Wide.pps, ...video.next().slices], 1);
    one.send([...SETS.h264Wide.sps, ...SETS.h264Wide.pps, ...video.next().slices], 2);
    expect(one.seen).toEqual(['sets', '0@0 key', 'sets', '1@1 key', '2@2 key']);
    expect(one.announced[1]?.sps).toEqual([...SETS.h264Wide.sps]);
  });

  it('replaces a PPS of the same number alone', () => {
    const video = new FakeVideo({ gop: 1 });
    const one = assembler('h264', SETS.h264);
    one.send(video.next().slices, 0);
    const pps = Buffer.from('68ce3c80', 'hex');
    one.send([pps, ...video.next().slices], 1);
    expect(one.announced[1]).toEqual({ vps: [], sps: [...SETS.h264.sps], pps: [pps] });
  });

  it('passes over payloads that contradict themselves, and damages nothing else', () => {
    const video = new FakeVideo();
    const one = assembler('h264', SETS.h264);
    one.send(video.next().slices, 0);
    for (const hex of ['ff', '1c', '1c85', '7c00', '7c9f00', '780005aa', '78', '79aabb', '1e', '00']) {
      one.push(hex, 50);
    }
    one.send(video.next().slices, 100);
    expect(one.seen).toEqual(['sets', '0@0 key', '1@100 gap']);
    expect(one.malformed()).toBeGreaterThan(5);
  });
});
