import { type MediaDescription, parse } from 'sdp-transform';
import type { types } from 'mediasoup';

/** One m-line of a WHEP offer (RFC 9725). */
export interface OfferedMedia {
  readonly kind: string;
  readonly mid: string;
  /** The payload types as the m-line lists them. */
  readonly payloads: string;
  /** True when the client wants to receive on it. */
  readonly receives: boolean;
  readonly codecs: readonly OfferedCodec[];
}

export interface OfferedCodec {
  readonly kind: 'audio' | 'video';
  /** As in the offer, e.g. `H264`. */
  readonly name: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels: number;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly rtcpFeedback: readonly types.RtcpFeedback[];
}

export interface Offer {
  readonly media: readonly OfferedMedia[];
  readonly fingerprint: types.DtlsFingerprint;
}

const ALGORITHMS: readonly string[] = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'];

/**
 * Reads what answering needs out of a client's offer.
 *
 * @throws RangeError with a sentence when it is not an offer that can be answered
 */
export function parseOffer(sdp: string): Offer {
  const session = parse(sdp);
  if (!sdp.startsWith('v=0') || session.media.length === 0) throw new RangeError('this is not an SDP offer');
  if (session.media.length > 16) throw new RangeError('the offer has more than 16 media sections');
  const first = session.media.find((media) => media.fingerprint !== undefined)?.fingerprint;
  const print = session.fingerprint ?? first;
  if (print === undefined) throw new RangeError('the offer has no fingerprint');
  return {
    media: session.media.map(readMedia),
    fingerprint: checkedFingerprint(print.type, print.hash),
  };
}

/**
 * A certificate fingerprint as mediasoup takes it: algorithm in small letters, bytes in capitals (with small ones no
 * media flows).
 *
 * @throws RangeError when algorithm or form is not one that mediasoup knows
 */
export function checkedFingerprint(algorithm: string, value: string): types.DtlsFingerprint {
  const name = algorithm.toLowerCase();
  const bytes = value.toUpperCase();
  if (!ALGORITHMS.includes(name)) throw new RangeError(`fingerprint algorithm "${name}" is not known`);
  if (!/^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$/.test(bytes)) {
    throw new RangeError('the fingerprint is not hex bytes with colons between them');
  }
  return { algorithm: name as types.FingerprintAlgorithm, value: bytes };
}

type ParsedMedia = { type: string; payloads?: string | undefined } & MediaDescription;

/** sdp-transform turns whatever looks like a number into one, against its own types. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function readMedia(media: ParsedMedia, index: number): OfferedMedia {
  const kind = media.type;
  return {
    kind,
    mid: textOf(media.mid) ?? String(index),
    payloads: textOf(media.payloads) ?? '0',
    receives: media.direction !== 'sendonly' && media.direction !== 'inactive',
    codecs: kind === 'audio' || kind === 'video' ? readCodecs(kind, media) : [],
  };
}

function readCodecs(kind: 'audio' | 'video', media: ParsedMedia): OfferedCodec[] {
  const codecs: OfferedCodec[] = [];
  for (const { payload, codec, rate, encoding } of media.rtp) {
    if (rate === undefined) continue;
    const config = textOf(media.fmtp.find((fmtp) => fmtp.payload === payload)?.config) ?? '';
    codecs.push({
      kind,
      name: codec,
      payloadType: payload,
      clockRate: rate,
      channels: kind === 'audio' ? (encoding ?? 1) : 0,
      parameters: readParameters(config),
      rtcpFeedback: (media.rtcpFb ?? [])
        .filter((feedback) => String(feedback.payload) === '*' || feedback.payload === payload)
        .map((feedback) => ({ type: feedback.type, parameter: feedback.subtype ?? '' })),
    });
  }
  return codecs;
}

function readParameters(config: string): Record<string, string | number> {
  const parameters: Record<string, string | number> = {};
  for (const pair of config.split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === undefined || name === '' || value === undefined) continue;
    parameters[name] = /^\d{1,9}$/.test(value) && name !== 'profile-level-id' ? Number(value) : value;
  }
  return parameters;
}
