import { describe, expect, it } from 'vitest';
import { makeAacConfig, parseAacConfig } from '../../../../src/media/codec/aac.ts';
import { makeAacTrack, makeG711Track } from '../../../../src/media/codec/tracks.ts';

describe('AudioSpecificConfig', () => {
  it('reads AAC-LC, an explicit rate and HE-AAC', () => {
    expect(parseAacConfig(Buffer.from('1210', 'hex'))).toEqual({
      objectType: 2,
      sampleRate: 44_100,
      channels: 2,
      frameLength: 1024,
    });
    // object type 2, rate index 15 with 24 bits 12345, one channel
    expect(parseAacConfig(Buffer.from('1780181C88', 'hex'))).toMatchObject({
      sampleRate: 12_345,
      channels: 1,
    });
    expect(parseAacConfig(Buffer.from('2b11880800', 'hex'))).toMatchObject({
      objectType: 2,
      sampleRate: 24_000,
      channels: 2,
    });
  });

  it('writes what it reads', () => {
    for (const rate of [8000, 16_000, 44_100, 48_000]) {
      expect(parseAacConfig(makeAacConfig(rate, 1))).toMatchObject({
        sampleRate: rate,
        channels: 1,
        objectType: 2,
      });
    }
    expect(() => makeAacConfig(12_345, 1)).toThrow(RangeError);
  });

  it('throws RangeError when it is cut off', () => {
    expect(() => parseAacConfig(Buffer.from([0x12]))).toThrow(RangeError);
    expect(() => parseAacConfig(Buffer.alloc(0))).toThrow(RangeError);
  });
});

describe('audio tracks', () => {
  it('names the codec', () => {
    expect(makeAacTrack(Buffer.from('1210', 'hex'), 44_100)).toMatchObject({
      codecString: 'mp4a.40.2',
      channels: 2,
    });
    expect(makeG711Track('pcma', 8000, 1)).toMatchObject({
      codec: 'pcma',
      timebase: 8000,
      config: Buffer.alloc(0),
    });
  });
});
