import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import { MseServer } from '../../../../src/media/mse/server.ts';
import { MSE_CLOSE, type MseLimits, type MseSocket } from '../../../../src/media/mse/session.ts';
import type { AudioTrack, SourcePacket } from '../../../../src/media/types.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

const aac: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  sampleRate: 16_000,
  channels: 1,
  config: Buffer.from([0x14, 0x08]),
  timebase: 16_000,
};
const sound = (n: number): SourcePacket => ({
  track: 1,
  kind: 'audio',
  pts: n * 1024,
  dts: n * 1024,
  time: 10_000 + n * 64,
  discontinuity: false,
  key: true,
  data: Buffer.alloc(10, n),
});

/** A socket that takes as much as it is told to. */
class FakeSocket extends EventEmitter {
  readonly texts: { mime: string; codecs: string; generation: number }[] = [];
  readonly binaries: Buffer[] = [];
  closed: { code: number; reason: string } | undefined;
  terminated = false;
  pings = 0;
  bufferedAmount = 0;
  stuck = false;
  #callbacks: (() => void)[] = [];

  send(data: string | Buffer, callback?: () => void): void {
    if (typeof data === 'string') this.texts.push(JSON.parse(data) as (typeof this.texts)[0]);
    else this.binaries.push(data);
    if (callback === undefined) return;
    if (this.stuck) {
      this.bufferedAmount += data.length;
      this.#callbacks.push(callback);
    } else callback();
  }

  drain(): void {
    this.bufferedAmount = 0;
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
    this.emit('close');
  }

  terminate(): void {
    this.terminated = true;
    this.emit('close');
  }
}

function setUp(limits: Partial<MseLimits> = {}) {
  const hubs = new HubRegistry();
  const server = new MseServer(hubs, limits);
  const socket = new FakeSocket();
  return { hubs, server, socket, watch: () => server.serve('door', 'main', socket as unknown as MseSocket) };
}

const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a viewer by MSE', () => {
  it('gets the codecs, the init segment and the cached fragments at once', async () => {
    const { hubs, socket, watch } = setUp();
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    for (let n = 0; n < 30; n += 1) sink.packet(videoFrame(n));
    watch();
    await settle();
    expect(socket.texts).toEqual([
      { mime: 'video/mp4; codecs="avc1.42c01e"', codecs: 'avc1.42c01e', generation: 1 },
    ]);
    expect(socket.binaries[0]?.toString('latin1', 4, 8)).toBe('ftyp');
    expect(socket.binaries[1]?.toString('latin1', 4, 8)).toBe('moof');
  });

  it('is told of new codecs before their first fragment', async () => {
    const { hubs, socket, watch } = setUp();
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    for (let n = 0; n < 30; n += 1) sink.packet(videoFrame(n));
    watch();
    await settle();
    sink.header({ tracks: [{ ...videoTrack, codecString: 'avc1.4d001f' }] });
    for (let n = 50; n < 80; n += 1) sink.packet(videoFrame(n));
    await settle();
    expect(socket.texts.map(({ codecs }) => codecs)).toEqual(['avc1.42c01e', 'avc1.4d001f']);
  });

  it('waits for a camera that is connecting, and gives up with a code', async () => {
    const { hubs, socket, watch } = setUp({ waitMs: 2_000 });
    watch();
    await vi.advanceTimersByTimeAsync(1_500);
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    for (let n = 0; n < 30; n += 1) sink.packet(videoFrame(n));
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.binaries.length).toBeGreaterThan(1);
    hubs.get('door', 'main')?.end();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(socket.closed).toEqual({ code: MSE_CLOSE.offline, reason: 'camera_offline' });
  });

  it('shows the main stream of a camera without a sub stream', async () => {
    const { hubs, server, socket } = setUp();
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    server.serve('door', 'sub', socket as unknown as MseSocket);
    await settle();
    expect(socket.texts).toHaveLength(1);
  });

  it('ends with the camera, and counts what it had', async () => {
    const { hubs, server, socket, watch } = setUp();
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    for (let n = 0; n < 30; n += 1) sink.packet(videoFrame(n));
    watch();
    await settle();
    expect(server.stats.viewers).toBe(1);
    hubs.remove('door');
    expect(socket.closed).toEqual({ code: MSE_CLOSE.offline, reason: 'camera_removed' });
    expect(server.stats).toMatchObject({ viewers: 0, drops: 0 });
    expect(server.stats.bytes).toBeGreaterThan(0);
  });

  it('says that there is nothing to show in a stream of G.711 alone', async () => {
    const { hubs, socket, watch } = setUp();
    const g711: AudioTrack = { ...aac, codec: 'pcma', sampleRate: 8_000, timebase: 8_000 };
    hubs
      .ensure('door', 'main')
      .open()
      .header({ tracks: [g711] });
    watch();
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.closed?.code).toBe(MSE_CLOSE.unsupported);
  });

  it('loses fragments up to a key frame when it is slow, and is counted', async () => {
    const { hubs, server, socket, watch } = setUp({ socketBytes: 500, readerBytes: 2_000 });
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack] });
    socket.stuck = true;
    watch();
    for (let n = 0; n < 400; n += 1) {
      sink.packet(videoFrame(n));
      await settle();
    }
    const before = socket.binaries.length;
    expect(server.stats.drops).toBeGreaterThan(0);
    socket.stuck = false;
    socket.drain();
    await settle();
    for (let n = 400; n < 520; n += 1) {
      sink.packet(videoFrame(n));
      await settle();
    }
    expect(socket.binaries.length).toBeGreaterThan(before);
    expect(socket.closed).toBeUndefined();
  });

  it('is gone when it takes nothing and answers no ping', async () => {
    const { hubs, server, socket, watch } = setUp({ silenceMs: 12_000 });
    const hub = hubs.ensure('door', 'main');
    hub.open().header({ tracks: [videoTrack] });
    watch();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.pings).toBe(1);
    socket.emit('pong');
    await vi.advanceTimersByTimeAsync(11_000);
    expect(socket.terminated).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.terminated).toBe(true);
    expect(server.stats.viewers).toBe(0);
    expect(hub.stats.readers).toBe(0);
  });
});

describe('sound that was announced and does not come', () => {
  it('is left out, from the newest key frame on, and given again when it lasts', async () => {
    const { hubs, socket, watch } = setUp({ silentMs: 1_500, soundMs: 3_000 });
    const sink = hubs.ensure('door', 'main').open();
    sink.header({ tracks: [videoTrack, aac] });
    watch();
    let n = 0;
    const play = async (frames: number, heard: boolean): Promise<void> => {
      for (const end = n + frames; n < end; n += 1) {
        sink.packet(videoFrame(n));
        if (heard && n % 8 === 0) for (let k = 0; k < 5; k += 1) sink.packet(sound((n / 8) * 5 + k));
        await vi.advanceTimersByTimeAsync(40);
      }
    };
    await play(60, false);
    expect(socket.texts.map(({ codecs }) => codecs)).toEqual(['avc1.42c01e,mp4a.40.2', 'avc1.42c01e']);
    await play(60, true);
    expect(socket.texts).toHaveLength(2);
    await play(60, true);
    expect(socket.texts.map(({ codecs }) => codecs)).toEqual([
      'avc1.42c01e,mp4a.40.2',
      'avc1.42c01e',
      'avc1.42c01e,mp4a.40.2',
    ]);
  });
});
