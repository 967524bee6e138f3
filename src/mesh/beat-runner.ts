import { type Beat, BEAT_PREFIX, beatKey, BeatJudge, type NodeLife } from './beats.ts';
import type { Owner } from './ownership.ts';
import type { KeyValue, KeyValueChange, MeshLog } from './types.ts';

export const BEAT_EVERY_MS = 500;
const LATE_MS = 1_000;
/** A watch that does not show one's own acknowledged beats is begun again. */
const LATE_TO_REWATCH = 2;

/** Monotonic milliseconds; `after` returns what calls it off. */
export interface Timers {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface BeatRunnerOptions {
  readonly bucket: KeyValue;
  readonly self: Owner;
  /** What to say now. */
  readonly describe: () => Omit<Beat, 'node' | 'incarnation' | 'count'>;
  /** Somebody came, died or left. */
  readonly onChange: (nodes: readonly NodeLife[]) => void;
  /** Another process uses this node's name. */
  readonly onRival: (rival: Owner) => void;
  readonly log: MeshLog;
  readonly timers?: Timers;
}

/** A node with this name is alive. */
export class NodeNameTaken extends Error {
  override readonly name = 'NodeNameTaken';
}

/** Puts this node's beat and judges those of the others. */
export class BeatRunner {
  readonly #options: BeatRunnerOptions;
  readonly #timers: Timers;
  readonly #judge: BeatJudge;
  readonly #key: string;
  #unwatch: () => void = () => undefined;
  #cancel: () => void = () => undefined;
  #count = 0;
  #issuedAt = 0;
  /** The own beat that is out. */
  #waiting: { readonly count: number; isStored: boolean; isSeen: boolean } | undefined;
  #lateInRow = 0;
  #seenAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: BeatRunnerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#judge = new BeatJudge(options.self);
    this.#key = beatKey(options.self.node);
  }

  /** Resolves when the first own beat is out. @throws NodeNameTaken; what the store throws */
  async start(): Promise<void> {
    await this.#refuseTakenName();
    await this.#watch();
    this.#beat();
  }

  get nodes(): NodeLife[] {
    return this.#judge.nodes;
  }

  isAlive(owner: Owner): boolean {
    return this.#judge.isAlive(owner);
  }

  /** Whether the store takes this node's beats: otherwise nobody is judged, and nothing may be taken over. */
  get isHeard(): boolean {
    return this.#timers.now() - this.#seenAt < BEAT_EVERY_MS + 2 * LATE_MS;
  }

  /** Leaves: the others need not wait for a death. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    this.#unwatch();
    try {
      const entry = await this.#options.bucket.get(this.#key);
      const isOwn = (entry?.value as Beat | undefined)?.incarnation === this.#options.self.incarnation;
      if (entry !== undefined && isOwn) await this.#options.bucket.delete(this.#key);
    } catch (err) {
      this.#options.log.debug({ err }, 'the last beat could not be removed; the others see it end');
    }
  }

  async #refuseTakenName(): Promise<void> {
    const { bucket, self } = this.#options;
    const before = await bucket.get(this.#key);
    if (before === undefined) return;
    await new Promise<void>((resolve) => this.#timers.after(3 * BEAT_EVERY_MS, resolve));
    const after = await bucket.get(this.#key);
    if (after !== undefined && after.revision !== before.revision) {
      throw new NodeNameTaken(
        `A node named ${self.node} is alive already: give this one another SIGHTMESH_NODE_ID, or stop the other.`,
      );
    }
  }

  async #watch(): Promise<void> {
    this.#unwatch = await this.#options.bucket.watch(BEAT_PREFIX, (change) => this.#take(change));
  }

  #take(change: KeyValueChange): void {
    if (this.#stopped) return;
    if (change.kind === 'delete') {
      const gone = this.#judge.nodes.find(({ beat }) => beatKey(beat.node) === change.key);
      if (gone && this.#judge.left(gone.beat.node)) this.#tell();
      return;
    }
    const beat = change.entry.value as Beat;
    const { self } = this.#options;
    if (beat.node === self.node && beat.incarnation !== self.incarnation) {
      if (this.#count > 0) this.#options.onRival({ node: beat.node, incarnation: beat.incarnation });
      return;
    }
    if (this.#judge.saw(beat)) this.#tell();
    const waiting = this.#waiting;
    if (beat.node !== self.node || waiting?.count !== beat.count) return;
    waiting.isSeen = true;
    this.#settle();
  }

  #beat(): void {
    if (this.#stopped) return;
    const { bucket, self, describe } = this.#options;
    this.#count += 1;
    this.#issuedAt = this.#timers.now();
    const waiting = { count: this.#count, isStored: false, isSeen: false };
    this.#waiting = waiting;
    this.#cancel = this.#timers.after(LATE_MS, () => this.#late(waiting.isStored));
    const beat: Beat = { ...describe(), node: self.node, incarnation: self.incarnation, count: this.#count };
    bucket.put(this.#key, beat).then(
      () => {
        waiting.isStored = true;
        if (this.#waiting === waiting) this.#settle();
      },
      (err: unknown) => {
        this.#options.log.debug({ err }, 'a beat was not taken');
      },
    );
  }

  /** The newest beat is stored and was seen, and with it all that was stored before: that counts. */
  #settle(): void {
    if (this.#waiting?.isStored !== true || !this.#waiting.isSeen) return;
    this.#waiting = undefined;
    this.#cancel();
    this.#lateInRow = 0;
    this.#seenAt = this.#timers.now();
    if (this.#judge.acknowledged().length > 0) this.#tell();
    this.#next();
  }

  #late(isStored: boolean): void {
    this.#waiting = undefined;
    this.#judge.stalled();
    this.#lateInRow += 1;
    if (isStored && this.#lateInRow % LATE_TO_REWATCH === 0) this.#rewatch();
    this.#next();
  }

  #rewatch(): void {
    this.#unwatch();
    this.#unwatch = () => undefined;
    this.#watch().then(
      () => {
        if (this.#stopped) this.#unwatch();
      },
      (err: unknown) => this.#options.log.debug({ err }, 'the beats cannot be watched; this is tried again'),
    );
  }

  #next(): void {
    if (this.#stopped) return;
    const wait = Math.max(0, BEAT_EVERY_MS - (this.#timers.now() - this.#issuedAt));
    this.#cancel = this.#timers.after(wait, () => this.#beat());
  }

  #tell(): void {
    this.#options.onChange(this.#judge.nodes);
  }
}
