import { describe, expect, it } from 'vitest';
import { Fragmenter } from '../../../../src/media/fmp4/fragmenter.ts';
import type { InitSegment } from '../../../../src/media/fmp4/init.ts';
import { hasBoth, initWithoutSound, moofWithoutSound } from '../../../../src/media/mse/without-sound.ts';
import type { Fragment } from '../../../../src/media/types.ts';
import { makeClip } from '../../../support/media/clip.ts';
import { hasFfmpeg, probePackets } from '../../../support/media/ffmpeg.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

describe.skipIf(!hasFfmpeg)('a stream without its sound', () => {
  it('keeps every picture and nothing else', () => {
    const clip = makeClip({ frames: 50, bFrames: 2, audio: true });
    const inits: InitSegment[] = [];
    const fragments: Fragment[] = [];
    const fragmenter = new Fragmenter({
      init: (init) => inits.push(init),
      fragment: (fragment) => fragments.push(fragment),
    });
    fragmenter.header({ session: 1, generation: 1, tracks: clip.tracks });
    for (const [seq, packet] of clip.packets.entries()) {
      fragmenter.packet({ ...packet, seq, session: 1, generation: 1 });
    }
    fragmenter.flush();
    const init = inits[0];
    if (init === undefined) throw new Error('no init segment');
    const alone = initWithoutSound(init);
    if (alone === undefined) throw new Error('no picture');
    expect([hasBoth(init), hasBoth(alone)]).toEqual([true, false]);

    const folder = mkdtempSync(path.join(os.tmpdir(), 'silent-'));
    const write = (name: string, parts: readonly Buffer[]): string => {
      const file = path.join(folder, name);
      writeFileSync(file, Buffer.concat(parts));
      return file;
    };
    const whole = write('whole.mp4', [init.data, ...fragments.flatMap(({ moof, mdat }) => [moof, ...mdat])]);
    const silent = write('silent.mp4', [
      alone.data,
      ...fragments.flatMap((fragment) => [moofWithoutSound(fragment) ?? Buffer.alloc(0), ...fragment.mdat]),
    ]);
    const pictures = probePackets(whole).filter(({ stream }) => stream === 0);
    expect(pictures).toHaveLength(50);
    expect(probePackets(silent)).toEqual(pictures);
    rmSync(folder, { recursive: true });
  });

  it('has nothing of a fragment with sound alone', () => {
    expect(
      moofWithoutSound({ moof: Buffer.alloc(24), tfdt: [{ trackId: 2, offset: 0, value: 0, timescale: 1 }] }),
    ).toBe(undefined);
  });
});
