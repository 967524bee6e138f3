import type { SegmentTrack } from '../init-reader.ts';
import { type Cut, cutSegment, keyTimes, leadTrack } from './cut.ts';
import { fragmentedHead, fragmentParts } from './fragmented.ts';
import type { Part } from './layout.ts';
import { Timeline } from './timeline.ts';

/** A piece of a playlist: a part of one segment file that begins with a key frame. */
export interface HlsPiece {
  /** Name of the segment file, without folder and ending. */
  readonly name: string;
  /** Milliseconds since 1970 between which its pictures lie; both absent for the whole file. */
  readonly range?: { readonly from: number; readonly to: number };
  /** Milliseconds since 1970 of its first picture. */
  readonly from: number;
  readonly seconds: number;
  /** Microseconds of the playlist's timeline at media time 0 of the file. */
  readonly base: number;
  /** Equal for files that one init segment describes. */
  readonly parameters: string;
  /** Something is missing between the piece before and this one. */
  readonly gap: boolean;
}

/** About how long a piece is: a player has loaded it before it is bored, and a playlist stays short. */
const PIECE_MS = 6_000;

/** Where a cut can be divided: milliseconds since 1970 of key frames about 6 s apart, its beginning first. */
export function pieceStarts(cut: Cut, start: number): number[] {
  const starts = [cut.from];
  for (const time of keyTimes(cut.index, start)) {
    const last = starts.at(-1) ?? cut.from;
    if (time > cut.from && time < cut.to && time - last >= PIECE_MS) starts.push(time);
  }
  return starts;
}

/** Text that is equal for tracks with equal parameters. */
export const parametersOf = (tracks: readonly SegmentTrack[]): string =>
  tracks.map(({ kind, timescale, entry }) => `${kind} ${timescale} ${entry.toString('base64')}`).join('|');

/** A playlist of what is over (RFC 8216), its addresses relative to its own. */
export function playlist(pieces: readonly HlsPiece[]): string {
  const longest = pieces.reduce((most, { seconds }) => Math.max(most, Math.round(seconds)), 1);
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${String(longest)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  let before: HlsPiece | undefined;
  for (const piece of pieces) {
    const changed = piece.parameters !== before?.parameters;
    if (before !== undefined && (changed || piece.gap)) lines.push('#EXT-X-DISCONTINUITY');
    if (changed) lines.push(`#EXT-X-MAP:URI="playback/${piece.name}/init.mp4"`);
    if (piece.name !== before?.name || piece.gap) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${time(piece.from)}`);
    }
    lines.push(`#EXTINF:${piece.seconds.toFixed(5)},`, addressOf(piece));
    before = piece;
  }
  return `${lines.join('\n')}\n#EXT-X-ENDLIST\n`;
}

const time = (ms: number): string => new Date(Math.round(ms)).toISOString();

function addressOf({ name, base, range }: HlsPiece): string {
  const query = range === undefined ? '' : `?from=${time(range.from)}&to=${time(range.to)}`;
  return `playback/${name}~${String(base)}/media.m4s${query}`;
}

/** The inverse of the name in the address of a piece; the base is 0 in that of an init segment. */
export function parsePieceName(segment: string): { name: string; base: number } | undefined {
  const match = /^([\w-]{1,120})(?:~(-?\d{1,15}))?$/.exec(segment);
  return match?.[1] === undefined ? undefined : { name: match[1], base: Number(match[2] ?? 0) };
}

/** Where the timeline is at media time 0 of the next file, so that its first picture follows the end of the last. */
export const nextBase = (endMicroseconds: number, zeroSeconds: number): number =>
  Math.round(endMicroseconds - zeroSeconds * 1e6);

/** ftyp and moov for the pieces of a file. */
export function hlsInit(tracks: readonly SegmentTrack[]): Buffer {
  const timeline = new Timeline();
  timeline.describe(tracks);
  return Buffer.concat(fragmentedHead(timeline.tracks, 0));
}

/** The fragments of a piece at their place of the playlist's timeline. */
export function hlsMedia(cut: Cut, base: number): Part[] {
  const timeline = new Timeline();
  const placed = timeline.place(cut, base / 1e6 + cut.zero);
  return placed.flatMap((runs, at) => fragmentParts(at + 1, runs, timeline.tracks));
}

/** The part of a file that the address of a piece names. */
export function cutPiece(
  index: Cut['index'],
  start: number,
  range: { readonly from?: number | undefined; readonly to?: number | undefined },
): Cut | undefined {
  if (leadTrack(index) === undefined) return undefined;
  return cutSegment(index, start, {
    from: range.from ?? Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    ...(range.to === undefined ? {} : { before: range.to }),
  });
}
