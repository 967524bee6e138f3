import { describe, expect, it, vi } from 'vitest';
import { type ActorSpawner, Restreamers } from '../../../../src/actors/restreamer/restreamers.ts';
import { SightmeshError } from '../../../../src/contracts/errors.ts';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import type { WebRtcWorker } from '../../../../src/media/webrtc/worker.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

function setUp(idleMs = 50) {
  const hubs = new HubRegistry();
  const spawner = {
    spawn: vi.fn<ActorSpawner['spawn']>(() => Promise.resolve()),
    end: vi.fn<ActorSpawner['end']>(() => Promise.resolve()),
  };
  const worker = { closed: false };
  const choose = vi.fn(() => Promise.resolve(worker as unknown as WebRtcWorker));
  const restreamers = new Restreamers({ log, nodeId: 'here', hubs, pool: { choose }, spawner, idleMs });
  const play = (): void => {
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    sink.packet(videoFrame(0));
  };
  return { hubs, spawner, worker, choose, restreamers, play };
}

describe('restreamers', () => {
  it('are not made for cameras that are not live', async () => {
    const { restreamers, spawner } = setUp();
    await expect(restreamers.open('door', 'main')).rejects.toMatchObject({ type: 'camera_offline' });
    expect(restreamers.cameras).toEqual([]);
    expect(spawner.spawn).not.toHaveBeenCalled();
  });

  it('are made once per camera, with an actor that nobody waits for', async () => {
    const { restreamers, spawner, play } = setUp();
    spawner.spawn.mockReturnValue(new Promise(() => undefined));
    play();
    const [one, other] = await Promise.all([
      restreamers.open('door', 'main'),
      restreamers.open('door', 'sub'),
    ]);
    expect(one).toBe(other);
    expect(spawner.spawn).toHaveBeenCalledTimes(1);
    expect(spawner.spawn.mock.calls[0]?.[0]).toEqual({ name: 'restreamer.door', epoch: 0, revision: '' });
    expect(await one.live()).toBe(await other.live());
  });

  it('take another worker when theirs died', async () => {
    const { restreamers, worker, choose, play } = setUp();
    play();
    const restreamer = await restreamers.open('door', 'main');
    const before = await restreamer.live();
    worker.closed = true;
    choose.mockResolvedValue({ closed: false } as unknown as WebRtcWorker);
    expect(await restreamer.live()).not.toBe(before);
    expect(restreamer.viewers).toBe(0);
  });

  it('pass on why there is no WebRTC, and leave no actor behind', async () => {
    const { restreamers, spawner, choose, play } = setUp();
    play();
    choose.mockRejectedValue(new SightmeshError('webrtc_unavailable'));
    await expect(restreamers.open('door', 'main')).rejects.toMatchObject({ type: 'webrtc_unavailable' });
    expect(spawner.spawn).not.toHaveBeenCalled();
  });

  it('go away with their actor when nobody watches for a while', async () => {
    const { restreamers, spawner, play } = setUp(0);
    play();
    await restreamers.open('door', 'main');
    await vi.waitFor(() => {
      restreamers.sweep();
      expect(restreamers.cameras).toEqual([]);
    });
    expect(spawner.end).toHaveBeenCalledWith('restreamer.door');
  });

  it('know no session but their own', async () => {
    const { restreamers, play } = setUp();
    play();
    const restreamer = await restreamers.open('door', 'main');
    expect(() => restreamer.hangUp('nobody')).toThrow(expect.objectContaining({ type: 'session_not_found' }));
  });

  it('open nothing after the end', async () => {
    const { restreamers, play } = setUp();
    play();
    const restreamer = await restreamers.open('door', 'main');
    restreamers.close();
    await expect(restreamers.open('door', 'main')).rejects.toMatchObject({ type: 'unavailable' });
    await expect(restreamer.live()).rejects.toMatchObject({ type: 'unavailable' });
  });
});
