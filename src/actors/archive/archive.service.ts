import type { ServiceSchema } from 'moleculer';
import type { CoverageBook } from '../../archive/coverage-book.ts';
import { days, type Interval, total } from '../../archive/intervals.ts';
import type { ArchivePlayer } from '../../archive/player.ts';
import { adoptUnlisted } from '../../archive/recover.ts';
import { recordedIntervals } from '../../archive/recordings.ts';
import { RetentionRunner } from '../../archive/retention-runner.ts';
import type { VolumeSet } from '../../archive/volume-set.ts';
import { WantedBook } from '../../archive/wanted-book.ts';
import { archive as contract } from '../../contracts/archive.ts';
import { catalog } from '../../contracts/catalog.ts';
import { type EventRecord, RetentionSettings } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { publish } from '../../contracts/events.ts';
import { maySee } from '../../contracts/rights.ts';
import { Backoff, delay } from '../../mixins/backoff.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { Mailbox } from '../../mixins/mailbox.ts';
import { serviceSchema } from '../../mixins/service.ts';
import type { VolumeRecord } from '../../store/types.ts';
import { CameraRules } from './camera-rules.ts';

export type ArchiveParts = Pick<
  NodeContext,
  'log' | 'nodeId' | 'store' | 'journal' | 'broker' | 'clock' | 'startedAt' | 'degraded'
> & {
  readonly volumes: VolumeSet;
  readonly player: ArchivePlayer;
  readonly coverage: CoverageBook;
  /** The pictures of these events can go. */
  readonly onEventsRemoved?: (events: readonly EventRecord[]) => Promise<void>;
};

const MAX_RANGE_MS = 31 * 86_400_000;
/** What is waited for the catalog before it is said that it is missing. */
const CATALOG_MS = 4_000;
const ORPHANS = RetentionSettings.parse({});

/** What was recorded, on this node's volumes and in the index; keeps both in order. */
export function createArchiveService(parts: ArchiveParts): ServiceSchema {
  const work = new ArchiveWork(parts);
  return serviceSchema({
    contract,
    log: parts.log,
    actions: {
      recordings: ({ camera, from, to }) => work.recordings(camera, rangeOf(from, to)),
      coverage: async ({ from, to }, { meta }) => {
        const cameras = (await work.cameras()).filter((camera) => maySee(meta.caller, camera));
        return { items: await work.coverage(cameras, rangeOf(from, to)) };
      },
      volumes: async () => ({ items: await work.volumes() }),
    },
    events: {
      'camera.changed': (change) => work.cameraChanged(change),
    },
    start: () => work.start(),
    stop: () => work.stop(),
  });
}

class ArchiveWork {
  readonly #parts: ArchiveParts;
  readonly #rules: CameraRules;
  readonly #wanted: WantedBook;
  readonly #retention: RetentionRunner;
  readonly #mailbox = new Mailbox();
  readonly #stop = new AbortController();
  #background: Promise<unknown> = Promise.resolve();
  #unlisten: (() => void) | undefined;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    const { broker, store, journal, clock, volumes, nodeId, log, coverage, player } = parts;
    const now = (): number => clock.now();
    this.#rules = new CameraRules(broker);
    this.#wanted = new WantedBook({ store, journal, now });
    this.#retention = new RetentionRunner({
      store,
      volumes,
      nodeId,
      log,
      now,
      rules: () => this.#rules.keepRules(),
      orphans: ORPHANS,
      onSegmentsRemoved: (segments) => {
        for (const camera of new Set(segments.map((segment) => segment.camera))) coverage.forget(camera);
        for (const segment of segments) {
          const path = volumes.resolve(segment);
          if (path !== undefined) player.forget(path);
        }
      },
      ...(parts.onEventsRemoved === undefined ? {} : { onEventsRemoved: parts.onEventsRemoved }),
    });
  }

  start(): void {
    const { volumes } = this.#parts;
    this.#unlisten = volumes.onChange((volume) => {
      this.#volumeChanged(volume);
    });
    for (const volume of volumes.list()) this.#degrade(volume);
    this.#background = Promise.all([this.#settle(), this.#adopt()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unlisten?.();
    await Promise.all([this.#retention.stop(), this.#background]);
  }

  async recordings(camera: string, range: Interval) {
    const { player, volumes, coverage: book } = this.#parts;
    const rows = await player.finder.rows(camera, range);
    const { coverage, gaps, wantedMs } = await book.coverage(camera, range, rows);
    if (rows.length === 0 && wantedMs === 0 && !(await this.cameras()).includes(camera)) {
      throw new SightmeshError('camera_not_found');
    }
    const intervals = recordedIntervals(rows, range, (row) => volumes.resolve(row) !== undefined);
    return {
      camera,
      ...isoRange(range),
      coverage,
      intervals: intervals.map((interval) => ({ ...interval, ...isoRange(interval) })),
      gaps: gaps.map(({ cause, ...gap }) => ({ ...isoRange(gap), cause })),
    };
  }

  async coverage(cameras: readonly string[], range: Interval) {
    const past = { ...range, to: Math.min(range.to, this.#parts.clock.now()) };
    const items = [];
    for (const { from } of days(past)) {
      for (const camera of cameras) {
        const { coverage, recordedMs, gaps } = await this.#parts.coverage.day(camera, from);
        items.push({
          camera,
          day: new Date(from).toISOString().slice(0, 10),
          coverage,
          recordedSeconds: Math.round(recordedMs) / 1000,
          gapSeconds: Math.round(total(gaps)) / 1000,
        });
      }
    }
    return items;
  }

  /** Those of this node as they are now, those of other nodes as they last said. */
  async volumes(): Promise<VolumeRecord[]> {
    const { volumes, store } = this.#parts;
    const own = volumes.list();
    const ids = new Set(own.map(({ id }) => id));
    return [...own, ...(await store.volumes.list()).filter(({ id }) => !ids.has(id))];
  }

  async cameras(): Promise<readonly string[]> {
    return this.#rules.ids ?? (await this.#rules.load()).map(({ id }) => id);
  }

  cameraChanged(change: Parameters<CameraRules['changed']>[0]): Promise<void> {
    return this.#mailbox.run(async () => {
      try {
        await this.#wanted.change(change.camera, await this.#rules.changed(change));
      } catch (err) {
        this.#parts.log.error({ camera: change.camera, err }, 'it could not be noted what is to be recorded');
      }
    });
  }

  /** Until the catalog and the store answer: without the rules nothing may be removed. */
  async #settle(): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff({ firstMs: 200, maxMs: 10_000, resetAfterMs: 60_000 });
    while (!signal.aborted) {
      try {
        await this.#parts.broker.waitForServices([catalog.name], CATALOG_MS);
        await this.#mailbox.run(async () => this.#wanted.settle(await this.#rules.load()));
        break;
      } catch (err) {
        this.#parts.log.debug({ err }, 'the catalog does not say yet which cameras are to be recorded');
        await delay(backoff.next(0), signal);
      }
    }
    if (signal.aborted) return;
    await this.#retention.run();
    this.#retention.start();
  }

  async #adopt(): Promise<void> {
    const { log, startedAt, coverage } = this.#parts;
    try {
      const { adopted } = await adoptUnlisted(this.#parts, { until: startedAt, signal: this.#stop.signal });
      if (adopted > 0) for (const camera of await this.cameras()) coverage.forget(camera);
    } catch (err) {
      log.warn({ err }, 'the volumes could not be searched for recordings that the index does not know');
    }
  }

  #volumeChanged(volume: VolumeRecord): void {
    const { broker, log } = this.#parts;
    this.#degrade(volume);
    const { id, state, message } = volume;
    publish(broker, 'storage.state', { volume: id, state, message }).catch((err: unknown) => {
      log.warn({ volume: id, err }, 'the state of a volume could not be announced');
    });
  }

  #degrade({ path, state, message }: VolumeRecord): void {
    const part = `volume ${path}`;
    if (state === 'ok') this.#parts.degraded.delete(part);
    else this.#parts.degraded.set(part, message ?? `The volume ${path} cannot be used.`);
  }
}

const isoRange = ({ from, to }: Interval) => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

/** @throws SightmeshError `bad_range` */
function rangeOf(from: string, to: string): Interval {
  const range = { from: Date.parse(from), to: Date.parse(to) };
  if (!(range.to > range.from)) throw new SightmeshError('bad_range', '`from` must be before `to`');
  if (range.to - range.from > MAX_RANGE_MS) {
    throw new SightmeshError('bad_range', 'the range is longer than 31 days');
  }
  return range;
}
