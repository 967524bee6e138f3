import { catalog } from '../../contracts/catalog.ts';
import { client, type ParamsOf } from '../../contracts/define.ts';
import type { EventRecord } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { jobs } from '../../contracts/jobs.ts';
import { mayUse } from '../../contracts/rights.ts';
import { type mediaRoutes } from '../../contracts/routes.ts';
import type { Login } from './access.ts';
import { type EventStream, wantedTypes } from './event-stream.ts';
import { sendBuffer, sendMedia } from './send.ts';
import type { Exchange, MediaBackend } from './types.ts';
import { createWebRtcRoutes, type WebRtcHandlers } from './webrtc-routes.ts';
import type { LoginWatch } from './watch.ts';

type Routes = typeof mediaRoutes.actions;
export type RawHandler<K extends keyof Routes> = (
  exchange: Exchange,
  params: ParamsOf<Routes[K]>,
  login: Login,
) => Promise<void> | void;
/** `mse` is an upgrade and `openapi` has a place of its own: both are not among these. */
export type RawHandlers = { readonly [K in Exclude<keyof Routes, 'mse' | 'openapi'>]: RawHandler<K> };

const CLIP_MARGIN_MS = 5_000;
const MAX_RANGE_MS = 31 * 24 * 3_600_000;

export interface MediaRouteParts {
  readonly media: MediaBackend;
  readonly stream: EventStream;
  readonly watch: LoginWatch;
}

export function createMediaRoutes({ media, stream, watch }: MediaRouteParts): RawHandlers {
  const webrtc: WebRtcHandlers = createWebRtcRoutes(watch);
  return {
    ...webrtc,
    async snapshot(exchange, { id, at, height }, login) {
      if (at !== undefined && !mayUse(login.caller, 'playback')) {
        throw new SightmeshError('forbidden', 'recorded pictures need the right playback');
      }
      const options = { ...(at === undefined ? {} : { at }), ...(height === undefined ? {} : { height }) };
      const { jpeg, time } = await media.snapshot(id, options);
      if (time !== null) exchange.response.setHeader('x-picture-time', time);
      sendBuffer(exchange.response, 200, 'image/jpeg', jpeg);
    },
    async playbackMp4(exchange, { id, from, to, download }, login) {
      checkRange(from, to);
      if (download !== undefined) {
        if (!mayUse(login.caller, 'export'))
          throw new SightmeshError('forbidden', 'downloads need the right export');
        exchange.response.setHeader('content-disposition', attachment(download, `${id}.mp4`));
      }
      await sendMedia(exchange, await media.playbackMp4(id, from, to));
    },
    async playbackHls({ response }, { id, from, to }) {
      checkRange(from, to);
      const playlist = await media.playbackHls(id, from, to);
      sendBuffer(response, 200, 'application/vnd.apple.mpegurl', Buffer.from(playlist));
    },
    async playbackHlsInit({ response }, { id, segment }) {
      sendBuffer(response, 200, 'video/mp4', await media.hlsInit(id, segment));
    },
    async playbackHlsSegment(exchange, { id, segment, from, to }) {
      const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      await sendMedia(exchange, await media.hlsMedia(id, segment, range));
    },
    async eventSnapshot(exchange, { id }, login) {
      const jpeg = await media.eventSnapshot(await eventOf(exchange, id, login));
      sendBuffer(exchange.response, 200, 'image/jpeg', jpeg);
    },
    async eventClip(exchange, { id }, login) {
      const event = await eventOf(exchange, id, login);
      const { from, to } = clipRange(event, Date.now());
      await sendMedia(exchange, await media.playbackMp4(event.camera, from, to));
    },
    async downloadExport(exchange, { id }, { caller }) {
      const found = await client(exchange.request.$ctx, jobs, { caller }).getExport({ id });
      if (found.state !== 'done') throw new SightmeshError('export_not_ready', found.message ?? undefined);
      const body = await media.exportFile(found);
      const name = `export-${found.from.slice(0, 19).replaceAll(':', '-')}.zip`;
      exchange.response.setHeader('content-disposition', attachment(name, name));
      await sendMedia(exchange, body);
    },
    stream({ request, response }, { types }, login) {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
      else stream.open(response, login, wantedTypes(types));
    },
  };
}

/** The catalog refuses events of cameras that the caller may not see. */
const eventOf = ({ request }: Exchange, id: string, { caller }: Login): Promise<EventRecord> =>
  client(request.$ctx, catalog, { caller }).getEvent({ id });

/** Some seconds around the event; an event that lasts has no end yet. */
export function clipRange(
  event: Pick<EventRecord, 'start' | 'end'>,
  now: number,
): { from: string; to: string } {
  const end = event.end === null ? now : Math.min(now, Date.parse(event.end) + CLIP_MARGIN_MS);
  return {
    from: new Date(Date.parse(event.start) - CLIP_MARGIN_MS).toISOString(),
    to: new Date(end).toISOString(),
  };
}

/** @throws SightmeshError `bad_range` */
export function checkRange(from: string, to: string): void {
  const length = Date.parse(to) - Date.parse(from);
  if (!(length > 0)) throw new SightmeshError('bad_range', '`from` must be before `to`');
  if (length > MAX_RANGE_MS) throw new SightmeshError('bad_range', 'the range is longer than 31 days');
}

/** RFC 6266; an empty name takes the fallback. */
export function attachment(name: string, fallback: string): string {
  const wanted = name === '' || name === '1' || name === 'true' ? fallback : name;
  // eslint-disable-next-line no-control-regex -- these are what must not stand in a header
  const clean = wanted.replace(/[\u0000-\u001f\u007f"\\/]/g, '_').slice(0, 150);
  const ascii = clean.replace(/[^\x20-\x7e]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(clean.toWellFormed())}`;
}
