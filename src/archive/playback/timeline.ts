import type { SegmentTrack } from '../init-reader.ts';
import type { SampleRun } from '../moof-reader.ts';
import type { Cut } from './cut.ts';

/** A run of samples with its place in the output. */
export interface PlacedRun {
  readonly kind: 'video' | 'audio';
  /** Index into the sample descriptions of its track, from 1. */
  readonly description: number;
  /** Decode time of each sample in ticks of the output track. */
  readonly times: Float64Array;
  /** Ticks of the last sample. */
  readonly lastDuration: number;
  /** Presentation minus decoding time, ticks. */
  readonly shifts: Int32Array;
  readonly sizes: Uint32Array;
  readonly keys: Uint8Array;
  /** Bytes of all samples. */
  readonly bytes: number;
  readonly path: string;
  readonly position: number;
  /** Stands before the bytes of the file, as part of the first sample. */
  readonly before?: Buffer;
}

/** A track of the output. */
export interface OutputTrack {
  readonly kind: 'video' | 'audio';
  readonly trackId: number;
  readonly timescale: number;
  readonly width: number;
  readonly height: number;
  /** Distinct sample entries, in the order of their first use. */
  readonly entries: readonly Buffer[];
}

interface GrowingTrack extends OutputTrack {
  readonly entries: Buffer[];
  /** Where the newest sample ends, ticks. */
  end: number;
}

/**
 * Lays cuts one behind the other on one timeline, gaps left out. Each cut keeps its own pictures and sound together;
 * between two cuts sound that would begin before the end of what is there is moved to that end.
 */
export class Timeline {
  readonly #tracks: GrowingTrack[] = [];
  #seconds = 0;

  get tracks(): readonly OutputTrack[] {
    return this.#tracks;
  }

  /** Length of all that was placed, in seconds. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Makes room for the parameters of a file, so that they are known before its samples are placed. */
  describe(tracks: readonly SegmentTrack[]): void {
    for (const track of tracks) {
      const own = this.#tracks.find((candidate) => candidate.kind === track.kind);
      if (own === undefined) {
        const { kind, timescale, width, height, entry } = track;
        const trackId = this.#tracks.length + 1;
        this.#tracks.push({ kind, trackId, timescale, width, height, entries: [entry], end: 0 });
      } else if (!own.entries.some((entry) => entry.equals(track.entry))) own.entries.push(track.entry);
    }
  }

  /**
   * Places a cut behind the ones before, or at a time of its own.
   *
   * @param at seconds
   */
  place(cut: Cut, at: number = this.#seconds): PlacedRun[][] {
    this.describe(cut.index.tracks);
    const placed = cut.fragments.map((runs) => runs.map((run) => this.#placeRun(cut, run, at)));
    this.#seconds = Math.max(...this.#tracks.filter(isLead).map((track) => track.end / track.timescale));
    return placed;
  }

  #placeRun(cut: Cut, run: SampleRun, at: number): PlacedRun {
    const source = cut.index.tracks.find((track) => track.kind === run.kind);
    const target = this.#tracks.find((track) => track.kind === run.kind);
    if (source === undefined || target === undefined) throw new RangeError(`no ${run.kind} track`);
    const { timescale } = target;
    const scale = timescale / source.timescale;
    const base = Math.round(at * timescale);
    const times = new Float64Array(run.count);
    let decodeTime = run.decodeTime - cut.zero * source.timescale;
    let { end } = target;
    let bytes = 0;
    let lastDuration = 0;
    for (let index = 0; index < run.count; index += 1) {
      const duration = run.durations[index] ?? 0;
      const time = Math.max(end, base + Math.round(decodeTime * scale));
      times[index] = time;
      lastDuration = Math.max(1, Math.round(duration * scale));
      decodeTime += duration;
      end = time + (index === run.count - 1 ? lastDuration : 1);
      bytes += run.sizes[index] ?? 0;
    }
    target.end = end;
    return {
      kind: run.kind,
      description: target.entries.findIndex((entry) => entry.equals(source.entry)) + 1,
      times,
      lastDuration,
      shifts: scale === 1 ? run.shifts : run.shifts.map((shift) => Math.round(shift * scale)),
      sizes: run.sizes,
      keys: run.keys,
      bytes,
      path: cut.index.path,
      position: run.position,
    };
  }
}

const isLead = (track: OutputTrack, _index: number, all: readonly OutputTrack[]): boolean =>
  track.kind === 'video' || all.every((other) => other.kind === 'audio');
