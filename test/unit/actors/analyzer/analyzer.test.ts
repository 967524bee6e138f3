import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAnalyzerActor } from '../../../../src/actors/analyzer/analyzer.actor.ts';
import { Spawner } from '../../../../src/actors/node/spawner.ts';
import { analyzer } from '../../../../src/contracts/actors.ts';
import { actorClient } from '../../../../src/contracts/define.ts';
import { CameraDocument, type EventRecord } from '../../../../src/contracts/entities.ts';
import { publish } from '../../../../src/contracts/events.ts';
import type { ObjectEvent } from '../../../../src/inference/event-builder.ts';
import type { AnalysisState, AnalysisStreamOptions } from '../../../../src/inference/pool-stream.ts';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';
import { until } from '../../../support/until.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const RUNNING: AnalysisState = {
  state: 'running',
  message: null,
  engine: 'fake',
  fps: 5,
  motion: true,
  tracks: [{ id: 't1', label: 'person', score: 0.9, box: [0, 0, 1, 1], lastSeen: 11_500 }],
  inferences: 7,
  skipped: 0,
  dropped: 0,
  damaged: 0,
  latencyMs: 100,
};

/** Records what the actor does with its stream; the test plays the worker. */
class FakePool {
  readonly did: string[] = [];
  state: AnalysisState = RUNNING;
  options: AnalysisStreamOptions | undefined;

  open(options: AnalysisStreamOptions) {
    this.options = options;
    options.onReady();
    const { did } = this;
    const state = (): AnalysisState => this.state;
    return {
      header: () => void did.push('header'),
      packet: ({ time }: { time: number }) => void did.push(`packet ${String(time)}`),
      reset: () => void did.push('reset'),
      close: () => void did.push('close'),
      get state() {
        return state();
      },
    };
  }
}

const person: ObjectEvent = {
  id: 'event-0001',
  track: 't1',
  label: 'person',
  score: 0.9,
  start: 10_000,
  end: null,
  zones: [],
  box: [0, 0, 1, 1],
  bestTime: 10_200,
  path: [[200, [0, 0, 1, 1]]],
  rested: false,
};

const document = (change: object = {}): CameraDocument =>
  CameraDocument.parse({
    id: 'door',
    name: 'Door',
    url: 'rtsp://192.0.2.1/',
    hasCredentials: false,
    origin: 'catalog',
    version: 1,
    createdAt: '2026-01-01T00:00:00Z',
    username: null,
    password: null,
    ...change,
  });

describe('analyzer actor', () => {
  const broker = new ServiceBroker({ nodeID: 'n', logger: false });
  let spawner: Spawner;
  let pool: FakePool;
  let hubs: HubRegistry;
  let written: EventRecord[];

  beforeEach(async () => {
    pool = new FakePool();
    hubs = new HubRegistry();
    written = [];
    await broker.start();
    spawner = new Spawner(broker, log);
  });
  afterEach(() => spawner.endAll());

  const spawn = (camera = document(), monotonic?: () => number) =>
    spawner.spawn({ name: 'analyzer.door', epoch: 2, revision: '' }, (onReady) =>
      createAnalyzerActor(
        {
          log,
          nodeId: 'n',
          broker,
          clock: { now: () => 20_000 },
          hubs,
          analysis: pool,
          pictures: { save: () => Promise.resolve() },
          store: { events: { find: () => Promise.resolve([]), get: () => Promise.resolve(undefined) } },
          journal: {
            append: (entry) => {
              if (entry.kind === 'event') written.push(entry.event);
              return Promise.resolve();
            },
            drained: () => Promise.resolve(),
            close: () => Promise.resolve(),
            stats: { waiting: 0, appended: 0, applied: 0, damaged: 0, problem: null },
          },
        },
        { camera, epoch: 2, ...(monotonic === undefined ? {} : { monotonic }) },
        onReady,
      ),
    );
  const status = () => actorClient(broker, analyzer, 'door').status({});
  const feed = (stream: string) => {
    const sink = hubs.ensure('door', stream).open();
    sink.header({ tracks: [videoTrack] });
    sink.packet(videoFrame(0));
    return sink;
  };
  const passes = () => until('the packets', () => pool.did.some((word) => word.startsWith('packet')));
  const seePerson = () => pool.options?.onChange({ type: 'new', event: person, better: true }, undefined);
  const ended = () =>
    until('the end of the event', () => written.find(({ end }) => end !== null)?.end ?? undefined);

  it('leads the packets of the main stream to the pool when there is no sub stream', async () => {
    await spawn();
    feed('main');
    await passes();
    expect(pool.did).toEqual(['header', 'packet 10000']);
    expect(pool.options?.settings).toMatchObject({ fps: 5, minScore: 0.5 });
  });

  it('prefers the sub stream', async () => {
    await spawn(document({ subUrl: 'rtsp://192.0.2.1/sub' }));
    feed('main');
    feed('sub');
    await passes();
    expect(pool.did).toEqual(['header', 'packet 10000']);
    expect(hubs.ensure('door', 'main').readers).toEqual([]);
  });

  it('makes do with the main stream while the sub stream does not come', async () => {
    let now = 0;
    await spawn(document({ subUrl: 'rtsp://192.0.2.1/sub' }), () => now);
    feed('main');
    now = 20_000;
    await passes();
    expect((await status()).message).toMatch('the main stream is analysed instead');
    feed('sub');
    await until('the sub stream', () => hubs.ensure('door', 'sub').readers.length === 1);
    expect(hubs.ensure('door', 'main').readers).toEqual([]);
    expect((await status()).message).toBeNull();
  });

  it('says how it fares', async () => {
    await spawn();
    expect((await status()).state).toBe('waiting');
    feed('main');
    await passes();
    expect(await status()).toEqual({
      node: 'n',
      epoch: 2,
      state: 'running',
      message: null,
      engine: 'fake',
      fps: 5,
      inferences: 7,
      motion: true,
      tracks: [{ id: 't1', label: 'person', score: 0.9, box: [0, 0, 1, 1] }],
    });
    pool.state = { ...RUNNING, state: 'set-aside', message: 'It crashed.' };
    expect(await status()).toMatchObject({ state: 'set-aside', message: 'It crashed.' });
  });

  it('ends open events when the camera goes away, when the object was seen last', async () => {
    await spawn();
    feed('main');
    await passes();
    seePerson();
    hubs.ensure('door', 'main').end();
    await publish(broker, 'camera.state', {
      camera: 'door',
      state: 'stalled',
      message: null,
      time: '2026-01-05T12:00:00Z',
      node: 'n',
      epoch: 1,
    });
    expect(await ended()).toBe('1970-01-01T00:00:11.500Z');
    expect(pool.did).toContain('reset');
  });

  it('begins anew when the camera connected again', async () => {
    await spawn();
    feed('main');
    await passes();
    seePerson();
    feed('main');
    await ended();
    expect(pool.did).toEqual(['header', 'packet 10000', 'reset', 'header', 'packet 10000']);
  });

  it('ends open events when the worker dies, and reads from the newest key frame when there is another', async () => {
    await spawn();
    feed('main');
    await passes();
    seePerson();
    pool.options?.onLost();
    await ended();
    expect(hubs.ensure('door', 'main').readers).toEqual([]);
    pool.options?.onReady();
    await until('the packets again', () => pool.did.length === 4);
    expect(pool.did).toEqual(['header', 'packet 10000', 'header', 'packet 10000']);
  });

  it('comes back when its hub was closed', async () => {
    await spawn();
    feed('main');
    await passes();
    hubs.remove('door');
    await until('a new reader', () => hubs.get('door', 'main')?.readers.length === 1);
    feed('main');
    await until('the packets again', () => pool.did.filter((word) => word === 'packet 10000').length === 2);
  });

  it('ends open events when it is stopped', async () => {
    await spawn();
    feed('main');
    await passes();
    seePerson();
    await spawner.end('analyzer.door');
    expect(written.at(-1)?.end).toBe('1970-01-01T00:00:11.500Z');
    expect(pool.did.at(-1)).toBe('close');
    expect(hubs.ensure('door', 'main').readers).toEqual([]);
  });
});
