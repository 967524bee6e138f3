import { inspect } from 'node:util';
import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCameraActor } from '../../../../src/actors/camera/camera.actor.ts';
import { Spawner } from '../../../../src/actors/node/spawner.ts';
import { camera as contract } from '../../../../src/contracts/actors.ts';
import { actorClient } from '../../../../src/contracts/define.ts';
import { CameraDocument, CameraInput } from '../../../../src/contracts/entities.ts';
import type { Events } from '../../../../src/contracts/events.ts';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import type { SourceRequest } from '../../../../src/media/source/index.ts';
import { nodeClock } from '../../../../src/media/timeline.ts';
import {
  type Source,
  SourceError,
  type SourceErrorCode,
  type SourceSink,
} from '../../../../src/media/types.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';
import { until } from '../../../support/until.ts';

class HeldSource implements Source {
  readonly stats = { bytes: 0, packets: 0, lost: 2, malformed: 0 };
  readonly request: SourceRequest;
  sink: SourceSink | undefined;
  closed = false;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(request: SourceRequest) {
    this.request = request;
  }

  run(sink: SourceSink): Promise<void> {
    this.sink = sink;
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  play(reorders = false): void {
    this.sink?.header({ tracks: [{ ...videoTrack, reorders }] });
    this.sink?.packet(videoFrame(0));
  }

  fail(code: SourceErrorCode, message: string): void {
    this.#settle?.reject(new SourceError(code, message));
  }

  close(): void {
    this.closed = true;
    this.#settle?.resolve();
  }
}

const document = (id: string, subUrl: string | null = null): CameraDocument => ({
  ...CameraDocument.parse({
    ...CameraInput.parse({ id, name: id, url: `rtsp://10.0.0.1/${id}`, subUrl }),
    id,
    hasCredentials: true,
    origin: 'catalog',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    username: 'user',
    password: 'secret',
  }),
});

describe('camera actor', () => {
  const broker = new ServiceBroker({ nodeID: 'n', logger: false });
  let hubs: HubRegistry;
  let spawner: Spawner;
  let sources: HeldSource[];
  let events: Events['camera.state'][];
  let logged: string;
  const note = (fields: object, message: string) => void (logged += inspect([fields, message]));
  const log = { debug: note, info: note, warn: note, error: note };

  beforeEach(async () => {
    hubs = new HubRegistry();
    sources = [];
    events = [];
    logged = '';
    await broker.start();
    spawner = new Spawner(broker, log);
  });
  afterEach(() => spawner.endAll());
  broker.createService({
    name: 'listener',
    events: { 'camera.state': (ctx: { params: Events['camera.state'] }) => void events.push(ctx.params) },
  });

  const make = (request: SourceRequest) => {
    const source = new HeldSource(request);
    sources.push(source);
    return source;
  };
  const spawn = (camera: CameraDocument, epoch = 3) =>
    spawner.spawn({ name: `camera.${camera.id}`, epoch, revision: '' }, (onReady) =>
      createCameraActor(
        { log, nodeId: 'n', hubs, broker, clock: nodeClock, sources: { make } },
        { camera, epoch },
        onReady,
      ),
    );
  const status = (id: string) => actorClient(broker, contract, id).status({});
  const source = (index: number): HeldSource => {
    const found = sources[index];
    if (found === undefined) throw new Error(`no source ${String(index)}`);
    return found;
  };

  it('connects both streams with the stored credentials and tells what they are', async () => {
    await spawn(document('door', 'rtsp://10.0.0.1/sub'));
    expect(sources.map(({ request }) => [request.url, request.username, request.password])).toEqual([
      ['rtsp://10.0.0.1/door', 'user', 'secret'],
      ['rtsp://10.0.0.1/sub', 'user', 'secret'],
    ]);
    expect(await status('door')).toMatchObject({ node: 'n', epoch: 3, state: 'connecting', streams: {} });
    source(0).play();
    source(1).play(true);
    const told = await status('door');
    expect(contract.actions.status.result.parse(told)).toEqual(told);
    expect(told).toMatchObject({ state: 'live', message: null });
    expect(told.streams['main']).toMatchObject({
      codec: 'h264',
      width: 320,
      height: 240,
      fps: 25,
      lost: 2,
      readers: 0,
      drops: 0,
      audio: null,
      webrtc: true,
    });
    expect(told.streams['main']?.lastPacketAgeMs).toBeLessThan(5_000);
    expect(told.streams['sub']).toMatchObject({ webrtc: false });
  });

  it('publishes each change once, and never a secret', async () => {
    await spawn(document('door'));
    source(0).play();
    source(0).fail('closed_by_camera', 'The camera closed the connection.');
    await until('the next try', () => sources.length === 2);
    source(1).fail('closed_by_camera', 'The camera closed the connection.');
    await until('the one after', () => sources.length === 3);
    source(2).play();
    await until('live', () => events.at(-1)?.state === 'live');
    expect(events.map(({ state, message }) => [state, message])).toEqual([
      ['connecting', null],
      ['live', null],
      ['stalled', 'The camera closed the connection.'],
      ['live', null],
    ]);
    expect(events[0]).toMatchObject({ camera: 'door', node: 'n', epoch: 3 });
    expect(JSON.stringify(events) + logged).not.toContain('secret');
  });

  it('is as its main stream is, and tells what is wrong with the sub stream', async () => {
    await spawn(document('door', 'rtsp://10.0.0.1/sub'));
    source(1).fail('not_found', 'The camera has no stream at this path.');
    await until('the end of the sub stream', () => logged.includes('no stream at this path'));
    expect(await status('door')).toMatchObject({ state: 'connecting', message: null });
    source(0).play();
    expect(await status('door')).toMatchObject({
      state: 'live',
      message: 'The sub stream does not work: The camera has no stream at this path.',
    });
  });

  it('connects again when told to', async () => {
    await spawn(document('door'));
    source(0).play();
    await actorClient(broker, contract, 'door').command({ command: 'reconnect' });
    await until('another source', () => sources.length === 2);
    expect(source(0).closed).toBe(true);
    await expect(broker.call('camera.door.command', { command: 'explode' })).rejects.toMatchObject({
      type: 'bad_request',
    });
  });

  it('leaves hubs and readers when it ends, and other cameras alone', async () => {
    await spawn(document('door'));
    await spawn(document('yard'));
    source(0).play();
    source(1).play();
    const seen: string[] = [];
    const read = (id: string) =>
      hubs.get(id, 'main')?.read(
        { name: 'test' },
        {
          header: (header) => void seen.push(`${id} session ${String(header.session)}`),
          packets: () => undefined,
          closed: () => void seen.push(`${id} closed`),
        },
      );
    const door = read('door');
    read('yard');
    const begun = performance.now();
    await spawner.end('camera.door');
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(door?.closed).toBe(false);
    expect(events.at(-1)).toMatchObject({ camera: 'door', state: 'idle' });
    await spawn(document('door'), 4);
    source(2).play();
    await until('the next session', () => seen.includes('door session 2'));
    expect(seen.filter((line) => line.startsWith('yard'))).toEqual(['yard session 1']);
    expect(source(1).closed).toBe(false);
    expect(await status('door')).toMatchObject({ epoch: 4, state: 'live' });
  });

  it('closes the hub of a sub stream that it has no longer', async () => {
    await spawn(document('door', 'rtsp://10.0.0.1/sub'));
    source(1).play();
    let closed = '';
    const consumer = {
      header: () => undefined,
      packets: () => undefined,
      closed: (reason: string) => void (closed = reason),
    };
    hubs.get('door', 'sub')?.read({ name: 'test' }, consumer);
    await spawn(document('door'), 4);
    expect(closed).toBe('hub_closed');
    expect(hubs.get('door', 'sub')).toBeUndefined();
    expect(hubs.get('door', 'main')).toBeDefined();
  });

  it('shows an address that cannot be used as a state, not as a failure to start', async () => {
    await spawner.spawn({ name: 'camera.bad', epoch: 1, revision: '' }, (onReady) =>
      createCameraActor(
        {
          log,
          nodeId: 'n',
          hubs,
          broker,
          clock: nodeClock,
          sources: {
            make: () => {
              throw new SourceError('bad_url', 'The address names no valid host and port.');
            },
          },
        },
        { camera: document('bad'), epoch: 1 },
        onReady,
      ),
    );
    await until('failed', () => events.at(-1)?.state === 'failed');
    expect(await status('bad')).toMatchObject({ message: 'The address names no valid host and port.' });
  });
});
