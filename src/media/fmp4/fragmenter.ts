import type { Fragment, Packet, StreamHeader } from '../types.ts';
import { buildInitSegment, type InitSegment } from './init.ts';
import { buildMoof } from './moof.ts';
import { TrackRun } from './track-run.ts';

export interface FragmenterOutput {
  /** Before the first fragment, and again before the first fragment of each new generation. */
  init(init: InitSegment): void;
  fragment(fragment: Fragment): void;
}

export interface FragmenterOptions {
  /** A fragment ends at the latest here. Default 500. */
  readonly maxMs?: number;
}

/**
 * Turns the packets of one stream into fragments. A fragment begins at each key frame and at each discontinuity, and
 * ends at the latest after 500 ms. It is built when the packet behind it arrives, because only that tells how long
 * its last sample lasts.
 *
 * Decode times count from the first packet that this fragmenter saw, on the node's timeline: a break of the camera's
 * timestamps is bridged by the time at which packets arrived, and a pause stays a pause.
 */
export class Fragmenter {
  /** Packets passed over because they came before the first picture, or belong to a track that MP4 cannot carry. */
  ignored = 0;
  readonly #output: FragmenterOutput;
  readonly #maxMs: number;
  #init: InitSegment | undefined;
  #runs: (TrackRun | undefined)[] = [];
  #originTime: number | undefined;
  #session = 0;
  #seq = 0;
  #discontinuity = false;

  constructor(output: FragmenterOutput, options: FragmenterOptions = {}) {
    this.#output = output;
    this.#maxMs = options.maxMs ?? 500;
  }

  get init(): InitSegment | undefined {
    return this.#init;
  }

  /** @throws RangeError when the header's parameter sets are missing */
  header(header: StreamHeader): void {
    this.flush();
    this.#discontinuity ||= this.#init !== undefined && header.session !== this.#session;
    this.#session = header.session;
    const init = buildInitSegment(header);
    const ends = new Map(this.#runs.map((run) => [run?.kind, run?.endMs ?? 0]));
    this.#runs = header.tracks.map((track, index) => {
      const target = init?.tracks.find((candidate) => candidate.index === index);
      return target && new TrackRun(target, track, ends.get(track.kind) ?? 0);
    });
    this.#init = init;
    if (init !== undefined) this.#output.init(init);
  }

  packet(packet: Packet): void {
    const run = this.#runs[packet.track];
    if (run === undefined || this.#init?.generation !== packet.generation) {
      this.ignored += 1;
      return;
    }
    this.#originTime ??= packet.time - run.reorderingMs(packet);
    const placed = run.push(packet, this.#originTime);
    if (placed === 'refused') {
      this.ignored += 1;
      return;
    }
    if (placed === 'apart') this.#emit();
    if (this.#leads(run)) this.#cut(run, packet);
    else this.#cutLonelyAudio(run);
  }

  /** Emits what is pending, the last sample with the duration of the one before. */
  flush(): void {
    for (const run of this.#runs) run?.finish();
    this.#emit();
  }

  /** Video decides where fragments end; audio only where there is no video. */
  #leads(run: TrackRun): boolean {
    return run.kind === 'video' || this.#init?.tracks.length === 1;
  }

  #cut(run: TrackRun, packet: Packet): void {
    const begins = (packet.kind === 'video' && packet.key) || packet.discontinuity;
    if (begins || run.readyMs + run.lastMs > this.#maxMs) this.#emit();
    if (packet.discontinuity) this.#discontinuity = true;
  }

  /** While video pauses, audio must not pile up: after four times the limit it goes alone. */
  #cutLonelyAudio(run: TrackRun): void {
    if (run.readyMs > this.#maxMs * 4) this.#emit();
  }

  #emit(): void {
    const init = this.#init;
    const taken = this.#runs
      .filter((run) => run !== undefined)
      .flatMap((run) => (run.ready > 0 ? [run.take()] : []));
    const lead = taken.find((run) => run.kind === 'video') ?? taken[0];
    if (init === undefined || lead === undefined) return;
    const moof = buildMoof(this.#seq + 1, taken);
    const video = lead.kind === 'video';
    this.#output.fragment({
      session: this.#session,
      generation: init.generation,
      seq: this.#seq,
      key: video ? lead.samples[0]?.key === true : init.tracks.every((track) => track.kind === 'audio'),
      discontinuity: this.#discontinuity,
      time: lead.time,
      endTime: lead.endTime,
      ...moof,
      videoSamples: video ? lead.samples.length : 0,
      compositionOffset: lead.samples[0]?.compositionOffset ?? 0,
    });
    this.#seq += 1;
    this.#discontinuity = false;
  }
}
