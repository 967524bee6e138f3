import { buildInitSegment, type InitSegment } from '../fmp4/init.ts';
import type { Fragment } from '../types.ts';

/** True when there is a picture and a sound track beside it. */
export const hasBoth = (init: InitSegment): boolean =>
  init.tracks.some(({ kind }) => kind === 'audio') && init.tracks.some(({ kind }) => kind === 'video');

/** The init segment of the picture alone; undefined when there is no picture. */
export function initWithoutSound(init: InitSegment): InitSegment | undefined {
  const { session, generation, source } = init;
  return buildInitSegment({ session, generation, tracks: source.filter(({ kind }) => kind === 'video') });
}

const TRACK_ID_IN_TRAF = 8 + 8 + 4;
const TRUN_AT = 8 + 16 + 20;

/**
 * The moof of a fragment with the picture's track alone, which has track id 1; undefined when there is no picture in it.
 * The sound stays in the mdat, where nothing points to it.
 */
export function moofWithoutSound({ moof, tfdt }: Pick<Fragment, 'moof' | 'tfdt'>): Buffer | undefined {
  if (!tfdt.some(({ trackId }) => trackId === 1)) return undefined;
  if (tfdt.length === 1) return moof;
  const head = moof.subarray(0, 24);
  for (let at = 24; at < moof.length; at += moof.readUInt32BE(at)) {
    if (moof.readUInt32BE(at + TRACK_ID_IN_TRAF) !== 1) continue;
    const video = moof.subarray(at, at + moof.readUInt32BE(at));
    const out = Buffer.concat([head, video]);
    const offsetAt = 24 + TRUN_AT + 16;
    out.writeUInt32BE(out.length, 0);
    out.writeInt32BE(out.readInt32BE(offsetAt) - (moof.length - out.length), offsetAt);
    return out;
  }
  return undefined;
}
