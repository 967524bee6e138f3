import type { AnalysisSettings, StreamReport } from './analysis-protocol.ts';
import type { EngineLoader } from './engine-loader.ts';
import type { QueuedPacket } from './packet-queue.ts';
import { EngineFailure, type Found, StreamAnalysis, type StreamFormat } from './stream-analysis.ts';

/** How long one stream may decode before the next one's turn, milliseconds. */
const TURN_MS = 25;

export interface AnalysisLoopOptions {
  readonly loader: Pick<EngineLoader, 'engine' | 'want' | 'failed' | 'onReady'>;
  /** Told on which stream native code is about to work; 0 for none. */
  readonly blackBox: { set(stream: number): void };
  /** The machine's clock, milliseconds. */
  readonly now: () => number;
  readonly newEventId: (start: number) => string;
  readonly onFound: (stream: number, life: number, found: Found) => void;
}

interface Entry {
  readonly stream: number;
  life: number;
  readonly analysis: StreamAnalysis;
  readonly objects: readonly string[];
  /** What is wrong with its pictures; null while all is well. */
  problem: string | null;
}

/**
 * Shares one thread among streams: in each round every stream decodes for a short turn, then the engine looks at one
 * picture, of the stream that it has not looked at for longest. So neither a busy stream nor a slow engine keeps the
 * others waiting; what cannot be done in time is dropped by the streams themselves.
 */
export class AnalysisLoop {
  readonly #options: AnalysisLoopOptions;
  readonly #streams = new Map<number, Entry>();
  #scheduled = false;
  #reportedAt: number;
  /** Milliseconds that one picture takes the engine, smoothed. */
  inferenceMs = 0;

  constructor(options: AnalysisLoopOptions) {
    this.#options = options;
    this.#reportedAt = options.now();
    options.loader.onReady = () => {
      this.#schedule();
    };
  }

  open(stream: number, life: number, settings: AnalysisSettings): void {
    this.close(stream);
    this.#streams.set(stream, {
      stream,
      life,
      analysis: new StreamAnalysis(settings, this.#options.newEventId),
      objects: settings.objects,
      problem: null,
    });
  }

  header(stream: number, format: StreamFormat): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    this.#guard(entry, () => {
      entry.analysis.header(format);
    });
    this.#options.blackBox.set(0);
    this.#options.loader.want();
  }

  packet(stream: number, packet: QueuedPacket): void {
    this.#streams.get(stream)?.analysis.push(packet);
    this.#schedule();
  }

  reset(stream: number, life: number): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    entry.life = life;
    entry.analysis.reset();
  }

  close(stream: number): void {
    this.#streams.get(stream)?.analysis.close();
    this.#streams.delete(stream);
  }

  /** Of all streams, since the call before. */
  reports(): StreamReport[] {
    const now = this.#options.now();
    const seconds = (now - this.#reportedAt) / 1000;
    this.#reportedAt = now;
    const labels = this.#options.loader.engine?.labels;
    return [...this.#streams.values()].map(({ stream, life, problem, objects, analysis }) => ({
      stream,
      life,
      problem: problem ?? unknownObjects(objects, labels),
      ...analysis.report(seconds),
    }));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      void this.#round().finally(() => {
        this.#scheduled = false;
        if (this.#busy()) this.#schedule();
      });
    });
  }

  #busy(): boolean {
    const { loader, now } = this.#options;
    return [...this.#streams.values()].some(
      ({ analysis }) =>
        analysis.ready(now()) || (analysis.candidateSince !== undefined && loader.engine !== undefined),
    );
  }

  async #round(): Promise<void> {
    for (const entry of [...this.#streams.values()]) this.#turn(entry);
    await this.#look();
    this.#options.blackBox.set(0);
  }

  #turn(entry: Entry): void {
    const { now } = this.#options;
    if (!entry.analysis.ready(now())) return;
    this.#guard(entry, () => {
      this.#tell(entry, entry.life, entry.analysis.decode(now, now() + TURN_MS));
    });
  }

  async #look(): Promise<void> {
    const { loader, now, blackBox } = this.#options;
    const waiting = [...this.#streams.values()].filter(
      ({ analysis }) => analysis.candidateSince !== undefined,
    );
    if (waiting.length === 0) return;
    loader.want();
    const engine = loader.engine;
    if (engine === undefined) return;
    const entry = waiting.reduce((a, b) => (b.analysis.lookedAt < a.analysis.lookedAt ? b : a));
    const { life } = entry;
    const began = now();
    blackBox.set(entry.stream);
    try {
      this.#tell(entry, life, await entry.analysis.look(engine, now));
      const took = now() - began;
      this.inferenceMs = this.inferenceMs === 0 ? took : this.inferenceMs * 0.9 + took * 0.1;
    } catch (error) {
      if (error instanceof EngineFailure) loader.failed(error);
      else entry.problem = messageOf(error);
    }
  }

  #tell(entry: Entry, life: number, found: readonly Found[]): void {
    if (entry.life !== life) return;
    for (const one of found) this.#options.onFound(entry.stream, life, one);
  }

  /** Runs native work on one stream. A failure is its own affair: it costs a picture, or all up to the next header. */
  #guard(entry: Entry, work: () => void): void {
    this.#options.blackBox.set(entry.stream);
    try {
      work();
      entry.problem = null;
    } catch (error) {
      entry.problem = messageOf(error);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function unknownObjects(wanted: readonly string[], known: readonly string[] | undefined): string | null {
  const unknown = wanted.filter((label) => known?.includes(label) === false);
  return unknown.length === 0 ? null : `The model cannot recognise: ${unknown.join(', ')}.`;
}
