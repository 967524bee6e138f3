/** One `m=` section of a session description (RFC 4566). */
export interface SdpMedia {
  readonly kind: string;
  readonly payloadType: number;
  /** Upper case, e.g. `H264`; for the static payload types of RFC 3551 their name. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  /** By lower-case name. */
  readonly format: ReadonlyMap<string, string>;
  readonly control: string;
  /** Not offered for sending to us (`a=recvonly`: a talk-back channel). */
  readonly backchannel: boolean;
}

export interface Sdp {
  readonly control: string;
  readonly media: readonly SdpMedia[];
}

const STATIC: Record<number, { encoding: string; clockRate: number }> = {
  0: { encoding: 'PCMU', clockRate: 8000 },
  8: { encoding: 'PCMA', clockRate: 8000 },
  14: { encoding: 'MPA', clockRate: 90_000 },
  26: { encoding: 'JPEG', clockRate: 90_000 },
  33: { encoding: 'MP2T', clockRate: 90_000 },
};
const MAX_MEDIA = 16;

/** Reads what RTSP needs from a description; what it does not understand it passes over. */
export function parseSdp(text: string): Sdp {
  const sections: string[][] = [[]];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  const [head = [], ...media] = sections;
  return {
    control: attribute(head, 'control') ?? '',
    media: media.slice(0, MAX_MEDIA).flatMap((lines) => parseMedia(lines) ?? []),
  };
}

const attribute = (lines: readonly string[], name: string): string | undefined =>
  lines
    .find((line) => line.startsWith(`a=${name}:`))
    ?.slice(name.length + 3)
    .trim();

function parseMedia(lines: readonly string[]): SdpMedia | undefined {
  const match = /^m=(\S+) \S+ \S+ (\d+)/.exec(lines[0] ?? '');
  const payloadType = Number(match?.[2] ?? -1);
  if (match === null || payloadType > 127) return undefined;
  const map = rtpMap(lines, payloadType);
  const known = STATIC[payloadType];
  return {
    kind: (match[1] ?? '').toLowerCase(),
    payloadType,
    encoding: map?.encoding ?? known?.encoding ?? '',
    clockRate: map?.clockRate ?? known?.clockRate ?? 90_000,
    channels: map?.channels ?? 1,
    format: formatParameters(lines, payloadType),
    control: attribute(lines, 'control') ?? '',
    backchannel: lines.includes('a=recvonly') && !lines.includes('a=sendonly'),
  };
}

function rtpMap(lines: readonly string[], payloadType: number) {
  for (const line of lines) {
    const match = /^a=rtpmap:(\d+)\s+([^/\s]+)\/(\d+)(?:\/(\d+))?/i.exec(line);
    if (match === null || Number(match[1]) !== payloadType) continue;
    const clockRate = Number(match[3]);
    if (clockRate < 1 || clockRate > 1e9) continue;
    const channels = Math.min(Math.max(Number(match[4] ?? 1), 1), 8);
    return { encoding: (match[2] ?? '').toUpperCase(), clockRate, channels };
  }
  return undefined;
}

function formatParameters(lines: readonly string[], payloadType: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const match = /^a=fmtp:(\d+)\s+(.*)$/i.exec(line);
    if (match === null || Number(match[1]) !== payloadType) continue;
    for (const part of (match[2] ?? '').split(';')) {
      const equals = part.indexOf('=');
      if (equals > 0) found.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
    }
  }
  return found;
}

/** NAL units from `sprop-…` parameters, in base64 and separated by commas; what is no base64 is left out. */
export function spropNals(media: SdpMedia, name: string): Buffer[] {
  const text = media.format.get(name) ?? '';
  return text
    .split(',')
    .map((part) => Buffer.from(part.trim(), 'base64'))
    .filter((nal) => nal.length > 1)
    .map(withoutStartCode);
}

function withoutStartCode(nal: Buffer): Buffer {
  if (nal.length > 4 && nal.readUInt32BE(0) === 1) return nal.subarray(4);
  return nal;
}
