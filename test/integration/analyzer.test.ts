import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { decode } from 'jpeg-js';
import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAnalyzerActor } from '../../src/actors/analyzer/analyzer.actor.ts';
import { Spawner } from '../../src/actors/node/spawner.ts';
import { EventPictures } from '../../src/archive/event-pictures.ts';
import { analyzer } from '../../src/contracts/actors.ts';
import { actorClient } from '../../src/contracts/define.ts';
import { CameraDocument, EventRecord } from '../../src/contracts/entities.ts';
import { AnalysisPool } from '../../src/inference/pool.ts';
import { HubRegistry } from '../../src/media/hub/registry.ts';
import { nodeClock } from '../../src/media/timeline.ts';
import type { SourcePacket, VideoTrack } from '../../src/media/types.ts';
import { openJournal } from '../../src/store/journal/journal.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/store.ts';
import type { Journal } from '../../src/store/types.ts';
import { readVideoFile } from '../support/media/video-file.ts';
import { movingPicture } from '../support/moving-picture.ts';
import { until } from '../support/until.ts';

const people = path.resolve('../shared/fixtures/video/one-by-one-person-detection.mp4');
/** The machine may be busy: a model takes its time to load. */
const patient = { deadlineMs: 90_000 };
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: object, message: string) => {
    console.error(message, fields);
  },
};

/** A node with everything that an analyzer needs, and a camera that plays packets in real time. */
class Stage {
  readonly broker = new ServiceBroker({ nodeID: 'stage', logger: false });
  readonly hubs = new HubRegistry();
  readonly pool = new AnalysisPool({ log, workers: 1, nice: 5 });
  readonly spawner = new Spawner(this.broker, log);
  readonly told: { name: string; event: EventRecord }[] = [];
  readonly folder: string;
  readonly store: SqliteStore;
  readonly journal: Journal;
  readonly pictures: EventPictures;
  #player: NodeJS.Timeout | undefined;

  private constructor(folder: string, store: SqliteStore, journal: Journal) {
    this.folder = folder;
    this.store = store;
    this.journal = journal;
    this.pictures = new EventPictures(path.join(folder, 'pictures'));
  }

  static async open(): Promise<Stage> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'analyzer-'));
    const store = await openSqliteStore(':memory:');
    const journal = await openJournal({
      folder: path.join(folder, 'journal'),
      node: 'stage',
      sink: store.journal,
    });
    const stage = new Stage(folder, store, journal);
    const hear = (name: string) => ({
      handler: (ctx: { params: unknown }) => {
        stage.told.push({ name, ...(ctx.params as { event: EventRecord }) });
      },
    });
    stage.broker.createService({
      name: 'ear',
      events: {
        'event.new': hear('new'),
        'event.update': hear('update'),
        'event.end': hear('end'),
      },
    });
    await stage.broker.start();
    return stage;
  }

  async spawn(detect: object = {}): Promise<void> {
    const camera = cameraDocument(detect);
    await this.spawner.spawn({ name: 'analyzer.door', epoch: 3, revision: '' }, (onReady) =>
      createAnalyzerActor(
        {
          log,
          nodeId: 'stage',
          broker: this.broker,
          clock: nodeClock,
          journal: this.journal,
          hubs: this.hubs,
          store: this.store,
          analysis: this.pool,
          pictures: this.pictures,
        },
        { camera, epoch: 3 },
        onReady,
      ),
    );
  }

  status() {
    return actorClient(this.broker, analyzer, 'door').status({});
  }

  /** Feeds the hub `main` of the camera at the pace of the packets, over and over, from `fromMs` of the film on. */
  play(track: VideoTrack, packets: readonly SourcePacket[], fromMs = 0): void {
    const sink = this.hubs.ensure('door', 'main').open();
    sink.header({ tracks: [track] });
    let at = Math.max(
      0,
      packets.findIndex(({ key, time }) => key && time >= fromMs),
    );
    let offset = nodeClock.now() - (packets[at]?.time ?? 0);
    this.#player = setInterval(() => {
      for (let next = packets[at]; next !== undefined; next = packets[at]) {
        if (next.time + offset > nodeClock.now()) break;
        sink.packet({ ...next, time: next.time + offset });
        at += 1;
        if (at < packets.length) continue;
        at = 0;
        offset = nodeClock.now() + 100;
      }
    }, 20);
  }

  /** The camera goes away. */
  cut(): void {
    clearInterval(this.#player);
    this.hubs.ensure('door', 'main').end();
  }

  async close(): Promise<void> {
    this.cut();
    await this.spawner.endAll();
    this.pool.close();
    await this.broker.stop();
    await this.journal.close();
    await this.store.close();
    await rm(this.folder, { recursive: true });
  }
}

function cameraDocument(detect: object): CameraDocument {
  return CameraDocument.parse({
    id: 'door',
    name: 'Door',
    url: 'rtsp://192.0.2.1/',
    detect,
    hasCredentials: false,
    origin: 'catalog',
    version: 1,
    createdAt: '2026-01-01T00:00:00Z',
    username: null,
    password: null,
  });
}

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

async function movie(): Promise<{ track: VideoTrack; packets: SourcePacket[] }> {
  const { track, pictures } = await movingPicture(150, 20);
  const packets = pictures.map(({ data, key, pts }): SourcePacket => ({
    track: 0,
    kind: 'video',
    pts,
    dts: pts,
    time: pts * 100,
    discontinuity: false,
    key,
    data,
  }));
  return { track, packets };
}

describe('analyzer', () => {
  it('sees motion, asks the engine, and says so', { timeout: 180_000 }, async () => {
    const { track, packets } = await movie();
    await stage.spawn({ objects: [] });
    stage.play(track, packets);
    const moving = await until(
      'motion',
      async () => {
        const status = await stage.status();
        return status.motion && status.inferences > 0 ? status : undefined;
      },
      patient,
    );
    expect(moving).toMatchObject({ node: 'stage', epoch: 3, state: 'running', message: null });
    expect(moving.engine).toBe('centernet-coco on wasm');
    expect(moving.fps).toBeGreaterThan(1);
    stage.cut();
    await until('the camera to be missed', async () => (await stage.status()).state === 'waiting', patient);
  });

  it('survives the death of its worker', { timeout: 180_000 }, async () => {
    const { track, packets } = await movie();
    await stage.spawn({ objects: [] });
    stage.play(track, packets);
    await until('the first pictures', async () => (await stage.status()).fps > 0, patient);
    const [pid] = stage.pool.pids;
    process.kill(pid ?? 0, 'SIGKILL');
    await until('another worker', () => stage.pool.pids.some((other) => other !== pid), patient);
    await until('pictures again', async () => (await stage.status()).fps > 0, patient);
    expect(stage.pool.stats.restarts).toBe(1);
  });

  it('ends what an earlier life left open when it was seen last', async () => {
    const orphan: EventRecord = {
      id: '0mwuvugj6-8o3o6pfl',
      camera: 'door',
      label: 'person',
      sublabel: null,
      score: 0.8,
      start: '2026-01-05T12:00:00.000Z',
      end: null,
      zones: [],
      box: [0, 0, 0.5, 0.5],
      path: [
        [200, [0, 0, 0.5, 0.5]],
        [4_200, [0.1, 0, 0.5, 0.5]],
      ],
      attributes: {},
      snapshot: null,
      clip: null,
      reviewed: false,
    };
    await stage.journal.append({ kind: 'event', event: orphan });
    await stage.spawn();
    const [end] = await until('the end', () => (stage.told.length > 0 ? stage.told : undefined));
    expect(end).toMatchObject({ name: 'end', event: { end: '2026-01-05T12:00:04.200Z' } });
    await stage.journal.drained();
    expect((await stage.store.events.get(orphan.id))?.end).toBe('2026-01-05T12:00:04.200Z');
  });

  it.skipIf(!existsSync(people))(
    'makes events of people who pass, with snapshots (needs ../shared/fixtures)',
    { timeout: 300_000 },
    async () => {
      const { track, packets } = await readVideoFile(people);
      await stage.spawn({
        objects: ['person'],
        zones: [
          {
            name: 'everywhere',
            points: [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1],
            ],
          },
        ],
      });
      stage.play(track, packets, 4_000);
      const first = await until('a person', () => stage.told.find(({ name }) => name === 'new'), patient);
      const { id } = first.event;
      EventRecord.parse(first.event);
      expect(first.event).toMatchObject({
        camera: 'door',
        label: 'person',
        end: null,
        zones: ['everywhere'],
      });
      expect(first.event.snapshot).toBe(`/api/v1/events/${id}/snapshot.jpg`);

      const ended = await until(
        'the end of the event',
        () => stage.told.find(({ name, event }) => name === 'end' && event.id === id)?.event,
        patient,
      );
      await stage.journal.drained();
      const kept = await stage.store.events.get(id);
      expect(kept).toEqual(ended);
      expect(ended.score).toBeGreaterThan(0.5);
      expect(Date.parse(ended.end ?? '') - Date.parse(ended.start)).toBeGreaterThan(2_000);
      expect(ended.path.length).toBeGreaterThan(3);
      const picture = decode((await stage.pictures.read(ended)) ?? Buffer.alloc(0));
      expect([picture.width, picture.height]).toEqual([768, 432]);

      const second = await until(
        'the next person',
        () => stage.told.find(({ name, event }) => name === 'new' && event.id !== id)?.event,
        patient,
      );
      expect(second.id > id).toBe(true);
      stage.cut();
      await until('its end when the camera goes away', () =>
        stage.told.find(({ name, event }) => name === 'end' && event.id === second.id),
      );
    },
  );
});
