import { recordOf } from '../../archive/segment-record.ts';
import type { VolumeSet } from '../../archive/volume-set.ts';
import type { CameraDocument } from '../../contracts/entities.ts';
import type { Events } from '../../contracts/events.ts';
import { FragmentHub } from '../../media/fmp4/fragment-hub.ts';
import type { FragmentReader } from '../../media/fmp4/fragment-reader.ts';
import type { Hub } from '../../media/hub/hub.ts';
import { SegmentWriter } from '../../media/segment/segment-writer.ts';
import type { SegmentPlace, SegmentRow, StorageProblem } from '../../media/segment/types.ts';
import type { Fragment } from '../../media/types.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { withDeadline } from '../../mixins/health.ts';
import type { OutageRecord } from '../../store/types.ts';
import { causeOf } from './causes.ts';
import { IndexKeeper } from './index-keeper.ts';
import { OutageLog } from './outage-log.ts';

export type RecordingParts = Pick<
  NodeContext,
  'log' | 'nodeId' | 'journal' | 'hubs' | 'clock' | 'startedAt' | 'degraded'
> & {
  readonly volumes: VolumeSet;
  /** About how long a segment is, milliseconds. Default one minute. */
  readonly segmentMs?: number;
};

export interface RecordingOptions {
  readonly camera: Pick<CameraDocument, 'id'>;
  readonly replica: number;
  readonly epoch: number;
  /** An outage began, or ended. */
  readonly onOutage: (outage: OutageRecord) => void;
}

export interface RecordingStatus {
  readonly state: string;
  readonly message: string | null;
  readonly segment: string | null;
  readonly volume: string | null;
  readonly bytes: number;
  readonly drops: number;
  readonly lagMs: number;
}

/** Half a minute of a camera with 4 Mbps may wait for a slow disk. */
const QUEUE_BYTES = 16 * 2 ** 20;
/** How far before its own start a recorder explains that nothing was recorded: it took some time to get here. */
const START_MS = 5_000;
const PATIENCE_MS = 3_000;
const WATCH_MS = 1_000;
/** A segment to which nothing was added for so long is closed. */
const CLOSE_MS = 12_000;
const REATTACH_MS = 250;
const STOP_MS = 3_500;

/** Writes the main stream of one camera to segments, and keeps account of why something is missing. */
export class Recording {
  readonly #parts: RecordingParts;
  readonly #options: RecordingOptions;
  readonly #writer: SegmentWriter;
  readonly #index: IndexKeeper;
  /** Nothing came from the camera. */
  readonly #silent: OutageLog;
  /** What came could not be written. */
  readonly #unwritten: OutageLog;
  readonly #began: number;
  #hub: Hub;
  #reader: FragmentReader | undefined;
  #writing: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  #reattach: NodeJS.Timeout | undefined;
  #place: SegmentPlace | undefined;
  #last: Fragment | undefined;
  /** Of the first fragment that is being written. */
  #batchTime = 0;
  /** End of the newest segment that was closed. */
  #closedTo = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #drops = 0;
  #dropsBefore = 0;
  #stopped = false;

  constructor(parts: RecordingParts, options: RecordingOptions) {
    this.#parts = parts;
    this.#options = options;
    const { camera, replica, epoch } = options;
    const { nodeId, volumes, log, journal, clock, startedAt } = parts;
    this.#began = Math.max(startedAt, clock.now() - START_MS);
    this.#hub = parts.hubs.ensure(camera.id, 'main');
    this.#index = new IndexKeeper({
      journal,
      log,
      camera: camera.id,
      onProblem: (problem) => {
        this.#degraded(problem);
      },
    });
    this.#silent = this.#outages('c');
    this.#unwritten = this.#outages('s');
    const identity = { camera: camera.id, stream: 'main', epoch, replica, node: nodeId };
    this.#writer = new SegmentWriter({
      identity,
      sync: volumes.sync,
      ...(parts.segmentMs === undefined ? {} : { maxMs: parts.segmentMs }),
      place: async (start) => {
        this.#place = await volumes.place({ camera: camera.id, stream: 'main', start, epoch, replica });
        return this.#place;
      },
      onRow: (row) => {
        this.#save(row);
      },
      onProblem: (problem) => {
        this.#problem(problem);
      },
    });
  }

  start(): void {
    this.#attach();
    this.#watch = setInterval(() => {
      this.#look();
    }, WATCH_MS);
    this.#watch.unref();
  }

  /** Writes what was received, closes the segment and ends all outages. Rejects when the disk does not let it in time. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watch);
    clearTimeout(this.#reattach);
    try {
      FragmentHub.of(this.#hub).flush();
      await withDeadline(this.#finish(), STOP_MS);
    } finally {
      this.#reader?.close();
      const now = this.#parts.clock.now();
      this.#silent.end(now);
      this.#unwritten.end(now);
      await this.#index.flush();
      this.#degraded(null);
    }
  }

  /** The camera is in this state now. */
  cameraState({ state, code, time }: Pick<Events['camera.state'], 'state' | 'code' | 'time'>): void {
    const cause = causeOf(state, code, this.#last !== undefined);
    if (cause === undefined || this.#stopped) return;
    this.#silent.begin(cause, this.#last?.endTime ?? this.#began, Date.parse(time));
  }

  status(): RecordingStatus {
    const open = this.#writer.open;
    return {
      state: this.#state(),
      message: this.#writer.problem?.message ?? this.#streamProblem(),
      segment: open === undefined ? null : recordOf(open).id,
      volume: open?.place.volume ?? null,
      bytes: this.#writer.stats.bytes,
      drops: this.#lost() + this.#writer.stats.lost,
      lagMs: this.#lagMs(open),
    };
  }

  #attach(): void {
    const { camera } = this.#options;
    this.#hub = this.#parts.hubs.ensure(camera.id, 'main');
    const reader = FragmentHub.of(this.#hub).read(
      { name: 'recorder', maxBytes: QUEUE_BYTES },
      {
        init: (init) => {
          this.#writer.init(init);
        },
        fragments: (batch) => this.#next(() => this.#write(batch)),
        closed: (reason, err) => {
          if (reason === 'failed')
            this.#parts.log.error({ camera: camera.id, err }, 'the recorder lost its stream');
          this.#detached(reader);
        },
      },
    );
    this.#reader = reader;
  }

  /** The hub went away, or the reader failed: there will be another one. */
  #detached(reader: FragmentReader): void {
    this.#dropsBefore += reader.drops;
    this.#reader = undefined;
    if (this.#stopped) return;
    this.#reattach = setTimeout(() => {
      this.#attach();
    }, REATTACH_MS);
  }

  /** The writer does one thing at a time. */
  #next(work: () => Promise<void>): Promise<void> {
    const writing = (this.#writing === undefined ? work() : this.#writing.then(work)).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  async #write(batch: readonly Fragment[]): Promise<void> {
    this.#batchTime = batch[0]?.time ?? 0;
    for (const fragment of batch) this.#received(fragment);
    await this.#writer.write(batch);
  }

  #received(fragment: Fragment): void {
    const last = this.#last;
    this.#last = fragment;
    this.#lastAt = performance.now();
    if (last === undefined) {
      if (this.#silent.current === undefined && fragment.time > this.#began) {
        this.#silent.note('starting', this.#began, fragment.time);
      }
    } else if (fragment.seq > last.seq + 1 && this.#unwritten.current === undefined) {
      // The reader's queue was full: fragments between the two are lost.
      this.#unwritten.note('storage_slow', last.endTime, fragment.time);
    }
    if (this.#unwritten.current?.cause === 'storage_slow') this.#unwritten.end(fragment.time);
    // What was under way when the camera stopped sending may arrive after it was told that it had.
    const underWay = fragment.session === last?.session && fragment.time < this.#silent.toldAt;
    if (!underWay) this.#silent.end(fragment.time);
  }

  /** What only time shows. */
  #look(): void {
    const now = this.#parts.clock.now();
    const drops = this.#lost();
    if (drops > this.#drops && this.#unwritten.current === undefined) {
      this.#unwritten.begin('storage_slow', this.#last?.endTime ?? this.#began, now);
      this.#parts.log.warn(
        { camera: this.#options.camera.id, drops },
        'the disk is too slow for the recording',
      );
    }
    this.#drops = drops;
    const silentMs = performance.now() - this.#lastAt;
    // Whatever comes after so long a pause begins a new segment anyway.
    if (silentMs > CLOSE_MS && this.#writer.open !== undefined && this.#writing === undefined) {
      void this.#next(() => this.#writer.close());
    }
    if (this.#silent.current !== undefined) return;
    if (this.#last === undefined) {
      if (now - this.#began > START_MS + PATIENCE_MS) this.#silent.begin('starting', this.#began, now);
    } else if (this.#streamProblem() !== null && silentMs > PATIENCE_MS) {
      this.#silent.begin('camera_failed', this.#last.endTime, now);
    }
  }

  #problem(problem: StorageProblem | undefined): void {
    const now = this.#parts.clock.now();
    const open = this.#writer.open;
    if (problem === undefined) {
      this.#unwritten.end(open?.from ?? now);
      this.#parts.log.info({ camera: this.#options.camera.id }, 'recording goes on');
      return;
    }
    if (this.#unwritten.current?.cause !== problem.kind) {
      const { message: reason, cause: err } = problem;
      this.#parts.log.error({ camera: this.#options.camera.id, reason, err }, 'nothing can be recorded');
    }
    this.#unwritten.begin(problem.kind, open?.to ?? Math.max(this.#closedTo, this.#batchTime), now);
    // Without a cause it is the volumes' own answer.
    if (problem.cause !== undefined && this.#place !== undefined) {
      this.#parts.volumes.report(this.#place.volume, problem.cause);
    }
  }

  #save(row: SegmentRow): void {
    const segment = recordOf(row);
    if (row.closed) this.#closedTo = row.to;
    this.#index.save(segment.id, { kind: 'segment', segment });
  }

  #outages(kind: string): OutageLog {
    const { camera, replica, epoch, onOutage } = this.#options;
    return new OutageLog({
      camera: camera.id,
      node: this.#parts.nodeId,
      key: `r${replica}-e${epoch}-${kind}`,
      save: (outage) => {
        this.#index.save(outage.id, { kind: 'outage', outage });
        onOutage(outage);
      },
    });
  }

  async #finish(): Promise<void> {
    do {
      await (this.#writing ?? Promise.resolve());
    } while (this.#reader?.closed === false && (this.#reader.queuedBytes > 0 || this.#writing !== undefined));
    this.#reader?.close();
    await this.#writer.close();
  }

  #lost(): number {
    return this.#dropsBefore + (this.#reader?.drops ?? 0);
  }

  #streamProblem(): string | null {
    const problem = FragmentHub.of(this.#hub).problem;
    return problem === null ? null : `The stream cannot be recorded: ${problem}.`;
  }

  #state(): string {
    if (this.#writer.problem !== undefined) return this.#writer.problem.kind;
    if (this.#unwritten.current !== undefined) return this.#unwritten.current.cause;
    if (this.#last === undefined) return 'starting';
    return performance.now() - this.#lastAt > PATIENCE_MS ? 'waiting' : 'recording';
  }

  #lagMs(open: SegmentRow | undefined): number {
    const newest = this.#hub.gop.at(-1)?.time;
    if (newest === undefined || open === undefined) return 0;
    return Math.max(0, Math.round(newest - open.to));
  }

  #degraded(problem: string | null): void {
    const part = `index of ${this.#options.camera.id}`;
    if (problem === null) this.#parts.degraded.delete(part);
    else this.#parts.degraded.set(part, problem);
  }
}
