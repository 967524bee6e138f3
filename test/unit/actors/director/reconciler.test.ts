import { beforeEach, describe, expect, it } from 'vitest';
import type { DesiredActor, RunningActor } from '../../../../src/actors/director/desired.ts';
import { type ActorHost, Reconciler } from '../../../../src/actors/director/reconciler.ts';
import { type CameraDocument, CameraInput } from '../../../../src/contracts/entities.ts';
import type { Logger } from '../../../../src/mixins/health.ts';
import { openSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';

const document = (id: string, more: object = {}): CameraDocument => ({
  ...CameraInput.parse({ name: id, url: `rtsp://${id}/`, ...more }),
  id,
  username: null,
  password: null,
  hasCredentials: false,
  origin: 'catalog',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
});

class FakeHost implements ActorHost {
  readonly actors = new Map<string, RunningActor & { epoch: number }>();
  readonly log: string[] = [];
  failing = new Set<string>();
  get running(): readonly RunningActor[] {
    return [...this.actors.values()];
  }
  begin({ name, revision }: DesiredActor, _document: CameraDocument, epoch: number): Promise<void> {
    if (this.failing.has(name)) return Promise.reject(new Error('does not start'));
    this.log.push(`begin ${name} ${epoch}`);
    this.actors.set(name, { name, revision, epoch });
    return Promise.resolve();
  }
  end(name: string): Promise<void> {
    this.log.push(`end ${name}`);
    this.actors.delete(name);
    return Promise.resolve();
  }
  forget(camera: string): void {
    this.log.push(`forget ${camera}`);
  }
}

describe('Reconciler', () => {
  let store: SqliteStore;
  let host: FakeHost;
  let cameras: CameraDocument[];
  const errors: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (_, message) => void errors.push(message),
  };
  const reconciler = (roles = ['ingest', 'record', 'analyze'], incarnation = '1') =>
    new Reconciler({
      bucket: store.keyValue('assignments'),
      host,
      log,
      roles,
      self: { node: 'a', incarnation },
      documents: () => Promise.resolve(cameras),
      knownEpoch: () => Promise.resolve(0),
      now: () => 0,
    });

  beforeEach(async () => {
    store = await openSqliteStore(':memory:');
    host = new FakeHost();
    cameras = [document('door')];
    errors.length = 0;
    return () => store.close();
  });

  it('begins what is wanted, once', async () => {
    const one = reconciler();
    await Promise.all([one.run(), one.run(), one.run()]);
    await one.run();
    expect(host.log.sort()).toEqual([
      'begin analyzer.door 1',
      'begin camera.door 1',
      'begin recorder.door.0 1',
    ]);
  });

  it('touches nothing but the actor whose settings changed', async () => {
    const one = reconciler();
    cameras = [document('door'), document('gate')];
    await one.run();
    host.log.length = 0;
    cameras = [document('door'), document('gate', { detect: { fps: 2 } })];
    await one.run();
    expect(host.log).toEqual(['end analyzer.gate', 'begin analyzer.gate 1']);
  });

  it('ends the actors of a camera that is gone, whose epochs then rise', async () => {
    const one = reconciler();
    await one.run();
    cameras = [];
    await one.run();
    expect(host.actors.size).toBe(0);
    expect(host.log.filter((line) => line.startsWith('forget'))).toEqual(['forget door']);
    expect(host.log.at(-1)).toBe('forget door');
    cameras = [document('door')];
    await one.run();
    expect(host.actors.get('camera.door')?.epoch).toBe(2);
  });

  it('raises the epoch with each life of the node', async () => {
    await reconciler().run();
    host = new FakeHost();
    await reconciler(undefined, '2').run();
    expect(host.actors.get('recorder.door.0')?.epoch).toBe(2);
  });

  it('tries again what did not start, and lets the others be', async () => {
    const one = reconciler();
    host.failing.add('recorder.door.0');
    await one.run();
    expect([...host.actors.keys()].sort()).toEqual(['analyzer.door', 'camera.door']);
    expect(errors).toHaveLength(1);
    host.failing.clear();
    await one.run();
    expect(host.actors.has('recorder.door.0')).toBe(true);
  });

  it('says what no node can host', async () => {
    const one = reconciler(['ingest']);
    await one.run();
    expect([...host.actors.keys()]).toEqual(['camera.door']);
    expect(one.unplaced.get('recorder.door.0')).toBe('No node has the role record.');
  });
});
