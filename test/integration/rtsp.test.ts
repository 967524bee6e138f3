import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VideoTrack } from '../../src/media/types.ts';
import { RtspServer, type RtspServerOptions } from '../support/rtsp-server.ts';
import { SETS } from '../support/rtsp/fake-video.ts';
import { WatchedCamera, type WatchedOptions } from '../support/rtsp/watched-camera.ts';
import { until } from '../support/until.ts';

const open: { stop(): Promise<void> }[] = [];

async function serve(options: RtspServerOptions = {}, behaviour: Partial<RtspServer['behaviour']> = {}) {
  const server = await RtspServer.start(options);
  Object.assign(server.behaviour, behaviour);
  open.push(server);
  return server;
}

function watch(server: RtspServer, options: WatchedOptions = {}, path?: string): WatchedCamera {
  const camera = new WatchedCamera(server.url(path), { codec: server.codec, ...options });
  open.push(camera);
  return camera;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.stop()));
});

/** One more camera in the same process, which nothing of all this may touch. */
let calmServer: RtspServer;
let calm: WatchedCamera;
beforeAll(async () => {
  calmServer = await RtspServer.start({ audio: 'aac', video: { fps: 30 } });
  calm = new WatchedCamera(calmServer.url());
  await calm.state('live');
});
afterAll(async () => {
  await calm.pictures(5);
  const { numbers, headers, missing, source } = calm;
  await calm.stop();
  await calmServer.stop();
  expect(numbers).not.toContain(-1);
  expect(missing).toBe(0);
  expect(headers).toHaveLength(1);
  expect(calm.ends).toEqual([]);
  expect(source?.stats).toMatchObject({ lost: 0, malformed: 0 });
});

const whole = (camera: WatchedCamera) => {
  expect(camera.numbers).not.toContain(-1);
  expect(camera.missing).toBe(0);
};

const rising = (camera: WatchedCamera) => {
  for (const kind of ['video', 'audio']) {
    const times = camera.packets.filter((packet) => packet.kind === kind).map((packet) => packet.dts);
    expect(times.every((dts, index) => index === 0 || dts > (times[index - 1] ?? 0))).toBe(true);
  }
};

describe('a camera that behaves', () => {
  it.each([
    ['h264', 'sdp'],
    ['h264', 'inband'],
    ['h265', 'sdp'],
    ['h265', 'inband'],
    ['h265', 'both'],
  ] as const)('plays %s with parameter sets %s', async (codec, sets) => {
    const camera = watch(await serve({ video: { codec } }, { sets }));
    await camera.pictures(12);
    whole(camera);
    rising(camera);
    expect(camera.headers).toHaveLength(1);
    expect(camera.numbers[0]).toBe(0);
    expect(camera.headers[0]?.tracks[0]).toMatchObject({
      codec,
      width: codec === 'h264' ? 640 : 1280,
      sps: [...SETS[codec].sps],
      pps: [...SETS[codec].pps],
    });
  });

  it.each(['aac', 'pcma'] as const)('plays sound beside the picture: %s', async (audio) => {
    const camera = watch(await serve({ audio }));
    await camera.pictures(25);
    whole(camera);
    rising(camera);
    const sounds = camera.packets.filter((packet) => packet.kind === 'audio');
    expect(sounds.length).toBeGreaterThan(20);
    expect(sounds.filter((packet) => packet.discontinuity)).toEqual([]);
    expect(camera.headers[0]?.tracks[1]).toMatchObject({ kind: 'audio', codec: audio });
    const skew = (sounds.at(-1)?.time ?? 0) - (camera.video.at(-1)?.time ?? 0);
    expect(Math.abs(skew)).toBeLessThan(300);
    expect(Math.abs((camera.video.at(-1)?.time ?? 0) - Date.now())).toBeLessThan(2_000);
  });

  it.each(['basic', 'md5', 'sha256'] as const)('takes the password: %s', async (auth) => {
    const secrets = { username: 'user "x"', password: 'p:ä@/ss' };
    const camera = watch(await serve({ auth, ...secrets }), secrets);
    await camera.pictures(3);
    expect(camera.ends).toEqual([]);
  });

  it('numbers over the wrap of 32-bit timestamps without a step', async () => {
    const camera = watch(await serve({ firstTimestamp: 2 ** 32 - 45_000 }));
    await camera.pictures(30);
    whole(camera);
    expect(camera.video.filter((packet) => packet.discontinuity)).toEqual([]);
    const steps = camera.video.slice(1).map((packet, index) => packet.pts - (camera.video[index]?.pts ?? 0));
    expect(new Set(steps)).toEqual(new Set([3_600]));
  });

  it('shows that pictures come out of order, though the parameter sets deny it', async () => {
    const camera = watch(await serve({ video: { bFrames: 2, gop: 10 } }));
    await until('a header that says so', () =>
      camera.headers.some((header) => (header.tracks[0] as VideoTrack).reorders),
    );
    await camera.pictures(20);
    rising(camera);
    expect(camera.video.every((packet) => packet.dts <= packet.pts)).toBe(true);
    expect(camera.numbers).not.toContain(-1);
  });

  it('says goodbye', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.state('live');
    const begun = performance.now();
    await camera.runner.stop();
    expect(performance.now() - begun).toBeLessThan(2_000);
    await until('TEARDOWN', () => server.count('TEARDOWN') === 1);
    await until('the end of the connection', () => server.viewers === 0);
  });

  it('is asked for a sign of life, and plays on when it gives none', async () => {
    const server = await serve({ timeout: 10 }, { deafWhilePlaying: true });
    const camera = watch(server);
    await until('a keep-alive', () => server.count('GET_PARAMETER') > 0);
    await until('a receiver report', () => server.reports > 0);
    await camera.pictures(5);
    expect(camera.ends).toEqual([]);
    whole(camera);
  });

  it('connects 60 cameras at once', async () => {
    const server = await serve({ video: { fps: 10 } });
    const cameras = Array.from({ length: 60 }, () => watch(server));
    await Promise.all(cameras.map((camera) => camera.state('live')));
    await Promise.all(cameras.map((camera) => camera.pictures(5)));
    for (const camera of cameras) whole(camera);
  });
});

describe('a camera that is odd', () => {
  it.each(['wrong', 'missing'] as const)('has a %s CSeq', async (cseq) => {
    const camera = watch(await serve({}, { cseq }));
    await camera.pictures(5);
    whole(camera);
  });

  it('sends packets before it answers PLAY', async () => {
    const camera = watch(await serve({}, { earlyPackets: true }));
    await camera.pictures(5);
    whole(camera);
    expect(camera.numbers[0]).toBe(0);
  });

  it.each([1, 7, 1_000])('writes %i bytes at a time', async (chunk) => {
    const server = await serve({ video: { keyBytes: 900, bytes: 300, fps: 10 }, audio: 'aac' }, { chunk });
    const camera = watch(server);
    await camera.pictures(12);
    whole(camera);
    expect(camera.source?.stats).toMatchObject({ lost: 0, malformed: 0 });
  });

  it('sends the client elsewhere, but no password to another host', async () => {
    const secrets = { username: 'user', password: 'secret' };
    const target = await serve();
    const elsewhere = target.url().replace('127.0.0.1', 'localhost');
    const camera = watch(await serve(secrets, { redirect: elsewhere }), secrets);
    await camera.pictures(3);
    expect(target.requests.some((request) => request.headers.has('authorization'))).toBe(false);
  });

  it('sends the client around in circles', async () => {
    const server = await serve();
    server.behaviour.redirect = server.url();
    const camera = watch(server);
    expect((await camera.state('failed')).message).toMatch(/redirects without end/);
  });

  it('changes its parameter sets in mid-stream', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.pictures(5);
    server.sets = SETS.h264Wide;
    await until('another header', () => camera.headers.length === 2);
    await camera.pictures(12);
    const [before, after] = camera.headers;
    expect(after?.generation).toBe((before?.generation ?? 0) + 1);
    expect(after?.session).toBe(before?.session);
    expect(after?.tracks[0]).toMatchObject({ width: 1920, height: 1080 });
    expect(camera.video.find((packet) => packet.generation === after?.generation)?.key).toBe(true);
    expect(camera.numbers).not.toContain(-1);
    rising(camera);
  });

  it.each([3_600, -3_600, -3, 6])('jumps its timestamps by %i s', async (seconds) => {
    const server = await serve();
    const camera = watch(server);
    await camera.pictures(10);
    server.jumped += seconds * 90_000;
    await until('a discontinuity', () => camera.video.some((packet) => packet.discontinuity));
    await camera.pictures(10);
    whole(camera);
    rising(camera);
    expect(camera.ends).toEqual([]);
    expect(Math.abs((camera.video.at(-1)?.time ?? 0) - Date.now())).toBeLessThan(2_000);
  });

  it('jumps its timestamps amid B-frames: goes on with the next key frame, with the same header', async () => {
    const server = await serve({ video: { bFrames: 2, gop: 10 } });
    server.sets = SETS.h264Wide;
    const camera = watch(server);
    await camera.pictures(15);
    for (const seconds of [3_600, -3_600]) {
      const before = camera.video.filter((packet) => packet.discontinuity).length;
      server.jumped += seconds * 90_000;
      await until(
        'a discontinuity',
        () => camera.video.filter((packet) => packet.discontinuity).length > before,
      );
      await camera.pictures(15);
    }
    for (const packet of camera.video) if (packet.discontinuity) expect(packet.key).toBe(true);
    expect(camera.headers).toHaveLength(1);
    expect(camera.headers[0]?.tracks[0]).toMatchObject({ reorders: true });
    expect(camera.numbers).not.toContain(-1);
    expect(camera.missing).toBeLessThan(20);
    rising(camera);
  });

  it('sends RTP packets that make no sense', async () => {
    const server = await serve({ audio: 'pcma' });
    const camera = watch(server);
    await camera.pictures(3);
    for (let size = 0; size < 60; size += 1) {
      server.injectFrame(size % 5, randomBytes(size * 20));
    }
    await camera.pictures(12);
    whole(camera);
    expect(camera.source?.stats.malformed).toBeGreaterThan(20);
  });

  it('sends rubbish between the frames', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.pictures(3);
    server.inject(Buffer.from('\r\n\r\nwhat is this? \u0001\u0002\u0003'));
    server.inject(Buffer.from('RTSP/1.0 500 Nobody asked\r\nContent-Length: 3\r\n\r\nabc'));
    server.inject(Buffer.from('ANNOUNCE rtsp://x/y RTSP/1.0\r\nCSeq: 7\r\n\r\n'));
    await camera.pictures(12);
    expect(camera.numbers).not.toContain(-1);
    expect(camera.ends).toEqual([]);
    expect(camera.missing).toBeLessThan(5);
  });

  it('lies about the length of a frame', async () => {
    const server = await serve({ video: { fps: 50 } });
    const camera = watch(server);
    await camera.pictures(3);
    server.inject(Buffer.from([0x24, 0, 0xff, 0xff, 0x80, 96, 1, 2]));
    await camera.pictures(30);
    expect(camera.numbers).not.toContain(-1);
    expect(camera.ends).toEqual([]);
  });
});

describe('a camera that fails', () => {
  it('refuses the password: said so, and not hammered', async () => {
    const server = await serve({ username: 'user', password: 'right' });
    const camera = watch(server, { username: 'user', password: 'wr0ng' });
    const { message } = await camera.state('unauthorized');
    expect(message).toMatch(/refused the user name or the password/);
    expect(JSON.stringify([camera.views, camera.ends])).not.toContain('wr0ng');
    const tries = server.requests.filter((request) => request.headers.has('authorization')).length;
    expect(tries).toBe(1);
    expect(server.connections).toBe(1);
  });

  it('wants a password where none is set', async () => {
    const camera = watch(await serve({ username: 'user', password: 'right' }));
    expect((await camera.state('unauthorized')).message).toMatch(/none are set/);
  });

  it('begins to refuse, and is live again when it no longer does', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.state('live');
    server.behaviour.refuse = true;
    server.kick();
    await camera.state('unauthorized');
    server.behaviour.refuse = false;
    camera.runner.reconnect();
    await camera.state('live');
  });

  it('has no such path', async () => {
    const camera = watch(await serve({}, { missing: true }));
    expect((await camera.state('failed')).message).toMatch(/no stream at this path/);
    expect(camera.ends[0]?.code).toBe('not_found');
  });

  it.each([
    [503, 'failed', /busy/],
    [403, 'unauthorized', /forbids/],
    [500, 'failed', /500 Told to/],
  ] as const)('answers %i', async (status, state, message) => {
    const camera = watch(await serve({}, { status }));
    expect((await camera.state(state)).message).toMatch(message);
  });

  it.each([
    ['m=video 0 RTP/AVP 26\r\na=control:t\r\n', 'unsupported_codec', /JPEG.*H\.264 or H\.265/],
    ['m=video 0 RTP/AVP 97\r\na=rtpmap:97 MP4V-ES/90000\r\n', 'unsupported_codec', /MP4V-ES/],
    ['m=audio 0 RTP/AVP 8\r\n', 'no_media', /no video/],
    ['', 'no_media', /no video/],
    ['\u0000\u0001 nothing like it', 'no_media', /no video/],
  ])('describes %j', async (media, code, message) => {
    const camera = watch(await serve({}, { sdp: `v=0\r\n${media}` }));
    expect((await camera.state('failed')).message).toMatch(message);
    expect(camera.ends[0]?.code).toBe(code);
  });

  it('closes the connections, and is live again with a new session', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.pictures(5);
    server.kick();
    expect((await camera.state('stalled')).message).toMatch(/closed the connection/);
    await camera.state('live');
    await camera.pictures(5);
    expect(camera.headers.map((header) => header.session)).toEqual([1, 2]);
    whole(camera);
  });

  it('freezes: stalled within 10 s, live again when it goes on', async () => {
    const server = await serve();
    const camera = watch(server);
    await camera.pictures(3);
    server.behaviour.frozen = true;
    const frozen = performance.now();
    const { message } = await camera.state('stalled');
    // The promise is 10 s on a machine that is not busy with other tests.
    expect(performance.now() - frozen).toBeLessThan(12_000);
    expect(message).toMatch(/sent no picture for 8 s/);
    server.behaviour.frozen = false;
    await camera.state('live');
  });

  it('takes the connection and says nothing', async () => {
    const camera = watch(await serve({}, { silent: true }));
    expect((await camera.state('failed')).message).toMatch(/did not answer within 10 s/);
    expect(camera.ends[0]?.code).toBe('open_timeout');
  });

  it.each([
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'), /web server/],
    ['something else', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak RTSP/],
    ['noise', randomBytes(300_000).fill(0xee, 0, 1), /does not speak RTSP/],
  ])('is none, but %s', async (_, greeting, message) => {
    const camera = watch(await serve({}, { greeting }));
    expect((await camera.state('failed')).message).toMatch(message);
    expect(camera.ends[0]?.code).toBe('not_rtsp');
  });

  it('hangs up without a word', async () => {
    const camera = watch(await serve({}, { greeting: Buffer.alloc(0) }));
    await until('an end', () => camera.ends.length > 0);
    expect(camera.ends[0]?.message).toMatch(/closed without an answer/);
  });

  it('sends a header without end', async () => {
    const camera = watch(await serve({}, { endlessHeader: true }));
    expect((await camera.state('failed')).message).toMatch(/head is too long/);
  });

  it('is not there', async () => {
    const server = await serve();
    const url = server.url();
    await server.stop();
    open.splice(open.indexOf(server), 1);
    const camera = new WatchedCamera(url);
    open.push(camera);
    expect((await camera.state('failed')).message).toMatch(/Nothing listens/);
  });

  it('floods with noise, and memory stays bounded', async () => {
    const server = await serve({ video: { fps: 50 } });
    const camera = watch(server);
    await camera.pictures(3);
    const before = process.memoryUsage().rss;
    const noise = randomBytes(1024 * 1024);
    const calmBefore = calm.numbers.length;
    for (let round = 0; round < 48 && server.viewers > 0; round += 1) {
      server.inject(noise);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    await camera.pictures(5, 40_000);
    expect(camera.numbers).not.toContain(-1);
    expect(calm.numbers.length).toBeGreaterThan(calmBefore);
  });
});
