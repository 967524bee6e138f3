import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProbeResult } from '../../src/contracts/entities.ts';
import { probeAddress, type ProbeRequest } from '../../src/media/probe.ts';
import { Sources } from '../../src/media/source/index.ts';
import { until } from '../support/until.ts';
import { RtspServer, type RtspServerOptions } from '../support/rtsp-server.ts';

const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it.stop();
});

const SECRET = 'pa55:w@rd';

async function serve(options: RtspServerOptions = {}, behaviour: Partial<RtspServer['behaviour']> = {}) {
  const server = await RtspServer.start(options);
  Object.assign(server.behaviour, behaviour);
  open.push(server);
  return server;
}

async function probe(request: ProbeRequest, deadlineMs?: number) {
  const sources = new Sources();
  open.push({ stop: () => sources.close() });
  const result = await probeAddress(request, sources, deadlineMs);
  expect(ProbeResult.parse(result)).toEqual(result);
  expect(JSON.stringify(result)).not.toContain(SECRET);
  expect(JSON.stringify(result)).not.toContain(encodeURIComponent(SECRET));
  return { ...result, text: result.messages.join(' ') };
}

describe('probing an address', () => {
  it('tells what is there, and hangs up', async () => {
    const server = await serve({ audio: 'pcma', username: 'user', password: SECRET });
    const found = await probe({ url: server.url(), username: 'user', password: SECRET });
    expect(found).toMatchObject({
      ok: true,
      code: null,
      video: { codec: 'h264', width: 640, height: 360, gopSeconds: 0.4, reorders: false },
      audio: { codec: 'pcma', sampleRate: 8_000, channels: 1 },
    });
    expect(found.text).toMatch(/H\.264, 640x360.*recorded as AAC/);
    expect(found.connectMs).toBeGreaterThanOrEqual(0);
    expect(found.firstKeyFrameMs).toBeGreaterThanOrEqual(found.connectMs ?? 0);
    await until('TEARDOWN', () => server.count('TEARDOWN') === 1);
  });

  it('takes the password out of the address', async () => {
    const server = await serve({ username: 'user', password: SECRET });
    const url = server.url().replace('rtsp://', `rtsp://user:${encodeURIComponent(SECRET)}@`);
    expect(await probe({ url })).toMatchObject({ ok: true });
  });

  it('shows what a test camera draws', async () => {
    const found = await probe({ url: 'test://yard?width=320&height=180&gop=0.5' });
    expect(found).toMatchObject({
      ok: true,
      video: { width: 320, gopSeconds: 0.5 },
      audio: { codec: 'aac' },
    });
  });

  it('says which track is missing a second key frame', async () => {
    const server = await serve({ video: { codec: 'h265', gop: 10_000 } });
    const found = await probe({ url: server.url() });
    expect(found).toMatchObject({ ok: true, video: { codec: 'h265', gopSeconds: null } });
    expect(found.text).toMatch(/No second key frame came within \d s.*no sound/);
  });

  it.each([
    [{ username: 'user', password: 'right' }, {}, 'unauthorized', /refused the user name or the password/],
    [{}, { missing: true }, 'not_found', /check the path/],
    [{}, { sdp: 'v=0\r\nm=video 0 RTP/AVP 26\r\n' }, 'unsupported_codec', /JPEG/],
    [{}, { sdp: 'v=0\r\nm=audio 0 RTP/AVP 0\r\n' }, 'no_media', /no video/],
    [{}, { greeting: Buffer.from('HTTP/1.1 400 Bad\r\n\r\n') }, 'not_rtsp', /web server/],
    [{}, { frozen: true }, 'no_media', /sent no picture within \d s/],
  ] as const)('with %j and %j says %s', async (options, behaviour, code, message) => {
    const server = await serve(options, behaviour);
    const found = await probe({ url: server.url(), username: 'user', password: SECRET });
    expect(found).toMatchObject({ ok: false, code });
    expect(found.text).toMatch(message);
  });

  it.each([
    [`rtsp://user:${SECRET}@name.invalid/`, 'name_not_found', /name\.invalid/],
    [`http://user:${SECRET}@127.0.0.1/`, 'bad_url', /begins with http/],
    ['nonsense', 'bad_url', /no scheme/],
    ['rtsp://host:99999/', 'bad_url', /valid host and port/],
  ])('of %s says %s', async (url, code, message) => {
    const found = await probe({ url });
    expect(found).toMatchObject({ ok: false, code, video: null, audio: null });
    expect(found.text).toMatch(message);
  });

  it('says that nothing listens at a port', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as net.AddressInfo).port;
    await new Promise((resolve) => server.close(resolve));
    const found = await probe({ url: `rtsp://127.0.0.1:${String(port)}/` });
    expect(found).toMatchObject({ ok: false, code: 'connection_refused' });
    expect(found.text).toContain(`127.0.0.1:${String(port)}`);
  });

  it('gives up in time when nobody answers', async () => {
    const server = await serve({}, { silent: true });
    const begun = performance.now();
    expect(await probe({ url: server.url() }, 7_000)).toMatchObject({ ok: false, code: 'open_timeout' });
    expect(performance.now() - begun).toBeLessThan(7_000);
  });
});
