import { SourceError } from '../../types.ts';
import type { RtspConnection } from './connection.ts';
import { header, type RtspMessage } from './message.ts';
import { parseSdp, type SdpMedia } from './sdp.ts';
import { type Choice, chooseTracks } from './tracks.ts';
import { controlUrl } from './url.ts';

export interface RtspSession {
  readonly choice: Choice;
  /** The address for PLAY, keep-alive and TEARDOWN. */
  readonly url: string;
  /** Seconds after which the camera forgets a silent client. */
  readonly timeoutSeconds: number;
  readonly keepAliveMethod: 'GET_PARAMETER' | 'OPTIONS';
  readonly channels: ReadonlyMap<number, { kind: 'video' | 'audio'; rtcp: boolean }>;
}

/** The camera sent us elsewhere. */
export class Redirect {
  readonly location: string;
  constructor(location: string) {
    this.location = location;
  }
}

const MIN_TIMEOUT_SECONDS = 10;
const DEFAULT_TIMEOUT_SECONDS = 60;

export interface Described {
  readonly choice: Choice;
  readonly base: string;
  readonly control: string;
  readonly keepAliveMethod: 'GET_PARAMETER' | 'OPTIONS';
}

/** OPTIONS and DESCRIBE. @throws SourceError */
export async function describe(connection: RtspConnection, url: string): Promise<Described | Redirect> {
  const options = await connection.request('OPTIONS', url);
  const methods = options.status === 200 ? (header(options, 'public') ?? '') : '';
  const answer = await connection.request('DESCRIBE', url, { Accept: 'application/sdp' });
  const location = header(answer, 'location');
  if (answer.status >= 300 && answer.status < 400 && location !== undefined) return new Redirect(location);
  expectOk(answer, 'DESCRIBE');
  const sdp = parseSdp(answer.body);
  const base = header(answer, 'content-base') ?? header(answer, 'content-location') ?? url;
  return {
    choice: chooseTracks(sdp),
    base: /^rtsp:\/\//i.test(base) ? withoutCredentials(base) : url,
    control: sdp.control,
    keepAliveMethod: methods.toUpperCase().includes('GET_PARAMETER') ? 'GET_PARAMETER' : 'OPTIONS',
  };
}

/** SETUP of each track. @throws SourceError */
export async function setUpTracks(connection: RtspConnection, described: Described): Promise<RtspSession> {
  const { choice, base, control, keepAliveMethod } = described;
  const channels = new Map<number, { kind: 'video' | 'audio'; rtcp: boolean }>();
  let timeoutSeconds = DEFAULT_TIMEOUT_SECONDS;
  const setUp = async (kind: 'video' | 'audio', media: SdpMedia, wanted: number): Promise<void> => {
    const answer = await connection.request('SETUP', controlUrl(base, media.control), {
      Transport: `RTP/AVP/TCP;unicast;interleaved=${String(wanted)}-${String(wanted + 1)}`,
    });
    if (answer.status === 461) {
      throw new SourceError('protocol', 'The camera does not send media over TCP (RTP/AVP/TCP interleaved).');
    }
    expectOk(answer, 'SETUP');
    timeoutSeconds = readSession(connection, answer) ?? timeoutSeconds;
    const [rtp, rtcp] = readChannels(answer, wanted);
    channels.set(rtp, { kind, rtcp: false });
    channels.set(rtcp, { kind, rtcp: true });
  };
  await setUp('video', choice.video.media, 0);
  if (choice.audio !== undefined) await setUp('audio', choice.audio.media, 2);
  return { choice, url: controlUrl(base, control), timeoutSeconds, keepAliveMethod, channels };
}

/** PLAY. Packets may come before it is answered. @throws SourceError */
export async function play(connection: RtspConnection, session: RtspSession): Promise<void> {
  expectOk(await connection.request('PLAY', session.url, { Range: 'npt=0.000-' }), 'PLAY');
}

function readSession(connection: RtspConnection, answer: RtspMessage): number | undefined {
  const [id, ...parameters] = (header(answer, 'session') ?? '').split(';');
  if (id === undefined || id.trim() === '') {
    throw new SourceError('protocol', 'The camera opened no session.');
  }
  connection.session = id.trim();
  const timeout = parameters.map((part) => /^\s*timeout\s*=\s*(\d+)/i.exec(part)?.[1]).find(Boolean);
  return timeout === undefined ? undefined : Math.max(MIN_TIMEOUT_SECONDS, Number(timeout));
}

function readChannels(answer: RtspMessage, wanted: number): [number, number] {
  const match = /interleaved=(\d{1,3})(?:-(\d{1,3}))?/i.exec(header(answer, 'transport') ?? '');
  const rtp = match === null ? wanted : Number(match[1]);
  const rtcp = match?.[2] === undefined ? rtp + 1 : Number(match[2]);
  if (rtp > 255 || rtcp > 255) throw new SourceError('protocol', 'The camera names impossible channels.');
  return [rtp, rtcp];
}

function expectOk(answer: RtspMessage, step: string): void {
  if (answer.status === 200) return;
  switch (answer.status) {
    case 403:
      throw new SourceError('unauthorized', 'The camera forbids this user to see this stream.');
    case 404:
    case 410:
      throw new SourceError(
        'not_found',
        'The camera has no stream at this path: check the path of the address.',
      );
    case 453:
    case 503:
      throw new SourceError(
        'protocol',
        `The camera is busy (${String(answer.status)}): it may allow no more viewers.`,
      );
    default:
      throw new SourceError(
        'protocol',
        `The camera answered ${step} with ${String(answer.status)} ${answer.reason}.`,
      );
  }
}

const withoutCredentials = (url: string): string => url.replace(/^(rtsp:\/\/)[^/?#]*@/i, '$1');
