import { afterEach, describe, expect, it } from 'vitest';
import { StreamRunner } from '../../src/actors/camera/stream-runner.ts';
import { Hub } from '../../src/media/hub/hub.ts';
import { Sources } from '../../src/media/source/index.ts';
import { rtspKind } from '../../src/media/source/rtsp/kind.ts';
import { TestKind } from '../../src/media/source/test/kind.ts';
import { nodeClock } from '../../src/media/timeline.ts';
import { type Packet, SourceError, type StreamHeader } from '../../src/media/types.ts';
import { until } from '../support/until.ts';

const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it.stop();
});

function setUp() {
  const kind = new TestKind();
  const sources = new Sources(nodeClock, { rtsp: rtspKind, test: kind });
  open.push({ stop: () => sources.close() });
  const watch = (url: string) => {
    const hub = new Hub('test/main');
    const ends: unknown[] = [];
    const headers: StreamHeader[] = [];
    const packets: Packet[] = [];
    hub.read(
      { name: 'test' },
      {
        header: (header) => void headers.push(header),
        packets: (batch) => void packets.push(...batch),
      },
    );
    const runner = new StreamRunner({
      hub,
      makeSource: () => sources.make({ url }),
      onChange: () => undefined,
      onEnd: (error) => ends.push(error),
    });
    runner.start();
    open.unshift(runner);
    const of = (kinds: Packet['kind']) => packets.filter((packet) => packet.kind === kinds);
    return { runner, hub, ends, headers, packets, of };
  };
  return { kind, watch };
}

const steps = (packets: readonly Packet[]) =>
  packets.slice(1).map((packet, index) => packet.pts - (packets[index]?.pts ?? 0));

describe('the test source', () => {
  it('sends H.264 with a key frame every 2 s, and a tone, in step with the clock', async () => {
    const { watch } = setUp();
    const camera = watch('test://yard?width=320&height=180&fps=10');
    await until('45 pictures', () => camera.of('video').length > 45);
    const [header] = camera.headers;
    expect(header?.tracks).toMatchObject([
      { codec: 'h264', width: 320, height: 180, fps: 10, reorders: false },
      { codec: 'aac', sampleRate: 16_000, channels: 1 },
    ]);
    const keys = camera.of('video').flatMap((packet, index) => (packet.key ? [index] : []));
    expect(keys.slice(0, 3)).toEqual([0, 20, 40]);
    const sounds = camera.of('audio');
    expect(sounds.filter((packet) => packet.discontinuity)).toEqual([]);
    expect(new Set(steps(sounds))).toEqual(new Set([1_024]));
    expect(steps(camera.of('video')).every((step) => step > 0)).toBe(true);
    const skew = (sounds.at(-1)?.time ?? 0) - (camera.of('video').at(-1)?.time ?? 0);
    expect(Math.abs(skew)).toBeLessThan(500);
    expect(Math.abs((sounds.at(-1)?.time ?? 0) - Date.now())).toBeLessThan(2_000);
  });

  it('draws all cameras of a node in one process, and begins anew when it dies', async () => {
    const { kind, watch } = setUp();
    const cameras = [watch('test://a?fps=5'), watch('test://b?fps=5&audio=off')];
    for (const camera of cameras) await until('a picture', () => camera.of('video').length > 0);
    expect(cameras[1]?.headers[0]?.tracks).toHaveLength(1);
    const pid = kind.workerPid ?? 0;
    process.kill(pid, 'SIGKILL');
    for (const camera of cameras) {
      await until('a second session', () => camera.headers.some((header) => header.session === 2));
      await until('live', () => camera.runner.view.state === 'live');
      expect(camera.ends).toHaveLength(1);
      expect(camera.ends[0]).toBeInstanceOf(SourceError);
      expect(camera.ends[0]).toMatchObject({ code: 'worker_failed' });
    }
    expect(kind.workerPid).not.toBe(pid);
  });

  it('notices that the worker hangs', async () => {
    const { kind, watch } = setUp();
    const camera = watch('test://a?fps=5');
    await until('a picture', () => camera.of('video').length > 0);
    process.kill(kind.workerPid ?? 0, 'SIGSTOP');
    await until('a second session', () => camera.headers.some((header) => header.session === 2), {
      deadlineMs: 30_000,
    });
    expect(camera.ends[0]).toMatchObject({ code: 'worker_failed' });
  });

  it('ends one camera without touching another', async () => {
    const { kind, watch } = setUp();
    const stays = watch('test://a?fps=10&audio=off');
    const goes = watch('test://b?fps=10');
    await until('pictures of both', () => stays.of('video').length > 3 && goes.of('video').length > 3);
    const pid = kind.workerPid;
    await goes.runner.stop();
    const seen = stays.of('video').length;
    const late = goes.packets.length;
    await until('more of the other', () => stays.of('video').length > seen + 5);
    expect(goes.packets).toHaveLength(late);
    expect(stays.ends).toEqual([]);
    expect(kind.workerPid).toBe(pid);
  });
});
