import type { Packet, Track } from '../types.ts';
import type { InitTrack } from './init.ts';
import type { Run, Sample } from './moof.ts';

/** The camera's timestamps are trusted until they differ by this much from the node's timeline. */
const MAX_DRIFT_MS = 500;
/** A sample that would last longer than this stands before a hole, and gets the duration of the one before. */
const MAX_SAMPLE_MS = 2_000;

interface Pending {
  readonly packet: Packet;
  readonly decodeTime: number;
  readonly wallTime: number;
}

export type TakenRun = Run & { readonly time: number; readonly endTime: number };

/** Collects the samples of one track for the next fragment, each as soon as its duration is known. */
export class TrackRun {
  readonly kind: 'video' | 'audio';
  readonly #track: InitTrack;
  #offset: number | undefined;
  #pending: Pending | undefined;
  #samples: Sample[] = [];
  #first: Pending | undefined;
  #duration = 0;
  #lastDuration: number;
  #end: number;

  /** @param floorMs no sample begins before this, milliseconds from the origin */
  constructor(target: InitTrack, track: Track, floorMs: number) {
    this.kind = target.kind;
    this.#track = target;
    this.#lastDuration = usualDuration(track);
    this.#end = Math.ceil((floorMs * target.timescale) / 1000);
  }

  get ready(): number {
    return this.#samples.length;
  }

  get readyMs(): number {
    return this.#toMs(this.#duration);
  }

  get lastMs(): number {
    return this.#toMs(this.#lastDuration);
  }

  /** Where the newest sample ends, from the origin. */
  get endMs(): number {
    return this.#toMs(this.#end);
  }

  reorderingMs(packet: Packet): number {
    return this.#toMs(packet.pts - packet.dts);
  }

  /**
   * Completes the sample before and holds this one. `apart` when a hole lies between the two, so that they cannot be in
   * one run; `refused` when it lies before the origin.
   */
  push(packet: Packet, originTime: number): 'joined' | 'apart' | 'refused' {
    const wanted = this.#toTicks(packet.time - originTime) - (packet.pts - packet.dts);
    const offset = this.#offset ?? wanted - packet.dts;
    const drifted = Math.abs(packet.dts + offset - wanted) > this.#toTicks(MAX_DRIFT_MS);
    const floor = this.#pending === undefined ? this.#end : this.#pending.decodeTime + 1;
    let decodeTime = drifted ? wanted : packet.dts + offset;
    if (decodeTime < floor) {
      // A first audio packet from before the first picture cannot be placed; later ones are moved to the end of the run.
      if (decodeTime < 0 && this.#pending === undefined) return 'refused';
      decodeTime = floor;
    }
    this.#offset = decodeTime - packet.dts;
    this.#complete(decodeTime);
    this.#pending = { packet, decodeTime, wallTime: packet.time };
    return this.#samples.length > 0 && this.#end !== decodeTime ? 'apart' : 'joined';
  }

  /** Completes the held sample with the usual duration. */
  finish(): void {
    this.#complete(undefined);
  }

  take(): TakenRun {
    const first = this.#first;
    if (first === undefined) throw new RangeError('nothing to take');
    const run: TakenRun = {
      trackId: this.#track.trackId,
      kind: this.kind,
      decodeTime: first.decodeTime,
      timescale: this.#track.timescale,
      samples: this.#samples,
      time: first.wallTime,
      endTime: first.wallTime + this.readyMs,
    };
    this.#samples = [];
    this.#first = undefined;
    this.#duration = 0;
    return run;
  }

  #complete(next: number | undefined): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const distance = next === undefined ? this.#lastDuration : next - pending.decodeTime;
    const duration = this.#toMs(distance) > MAX_SAMPLE_MS ? this.#lastDuration : distance;
    this.#lastDuration = duration;
    this.#first ??= pending;
    this.#samples.push({
      data: pending.packet.data,
      duration,
      key: pending.packet.key,
      compositionOffset: pending.packet.pts - pending.packet.dts,
    });
    this.#duration += duration;
    this.#end = pending.decodeTime + duration;
  }

  #toMs(ticks: number): number {
    return (ticks * 1000) / this.#track.timescale;
  }

  #toTicks(ms: number): number {
    return Math.round((ms * this.#track.timescale) / 1000);
  }
}

function usualDuration(track: Track): number {
  if (track.kind === 'video')
    return Math.round(track.timebase / (track.fps !== undefined && track.fps > 0 ? track.fps : 25));
  const perPacket = track.codec === 'aac' ? 1024 : track.sampleRate / 50;
  return Math.max(1, Math.round((perPacket * track.timebase) / track.sampleRate));
}
