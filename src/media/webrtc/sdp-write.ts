import type { types } from 'mediasoup';

/** What the transport contributes to a description. */
export interface SdpTransport {
  readonly iceParameters: Pick<types.IceParameters, 'usernameFragment' | 'password'>;
  readonly iceCandidates: readonly types.IceCandidate[];
  readonly dtlsParameters: Pick<types.DtlsParameters, 'fingerprints'>;
}

export interface SdpSection {
  readonly mid: string;
  readonly kind: string;
  /** Undefined: the section is refused. */
  readonly rtp?: types.RtpParameters;
  /** Payload types to repeat in a refused section. */
  readonly payloads?: string;
  /** Media stream id: sections that share it are played in sync. */
  readonly stream: string;
}

export interface SdpOptions {
  readonly role: 'offer' | 'answer';
  readonly transport: SdpTransport;
  readonly sections: readonly SdpSection[];
  /** Positive, rises with each description of a session. */
  readonly sessionId: number;
}

/**
 * An ICE-lite description that only sends (RFC 8829, 8866): one BUNDLE group, all candidates in the first live
 * section. As an answer it writes no header extensions, since their ids cannot be the offer's.
 *
 * @throws RangeError when the transport has no SHA-256 fingerprint
 */
export function writeSdp(options: SdpOptions): string {
  const { sections, role } = options;
  const live = sections.filter((section) => section.rtp !== undefined);
  const print = options.transport.dtlsParameters.fingerprints.find((one) => one.algorithm === 'sha-256');
  if (print === undefined) throw new RangeError('the transport has no SHA-256 fingerprint');
  const lines = [
    'v=0',
    `o=- ${options.sessionId} 1 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${live.map((section) => section.mid).join(' ')}`,
    'a=msid-semantic: WMS *',
    `a=fingerprint:${print.algorithm} ${print.value}`,
  ];
  for (const section of sections) {
    if (section.rtp === undefined) lines.push(...refused(section));
    else lines.push(...sending(section, section.rtp, options, section === live[0], role));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function refused(section: SdpSection): string[] {
  return [
    `m=${section.kind} 0 UDP/TLS/RTP/SAVPF ${section.payloads ?? '0'}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${section.mid}`,
    'a=inactive',
  ];
}

function sending(
  section: SdpSection,
  rtp: types.RtpParameters,
  options: SdpOptions,
  first: boolean,
  role: 'offer' | 'answer',
): string[] {
  const ice = options.transport.iceParameters;
  const payloads = rtp.codecs.map((codec) => String(codec.payloadType)).join(' ');
  return [
    `m=${section.kind} 7 UDP/TLS/RTP/SAVPF ${payloads}`,
    'c=IN IP4 127.0.0.1',
    `a=mid:${section.mid}`,
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    `a=setup:${role === 'answer' ? 'passive' : 'actpass'}`,
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...(first ? candidates(options.transport.iceCandidates) : []),
    ...rtp.codecs.flatMap(codecLines),
    ...(role === 'offer' ? (rtp.headerExtensions ?? []).map(({ id, uri }) => `a=extmap:${id} ${uri}`) : []),
    `a=msid:${section.stream} ${section.kind}-${section.mid}`,
    ...sourceLines(rtp),
  ];
}

function candidates(list: readonly types.IceCandidate[]): string[] {
  const lines = list.map((one) => {
    const tcp = one.protocol === 'tcp' ? ` tcptype ${one.tcpType ?? 'passive'}` : '';
    return `a=candidate:${one.foundation} 1 ${one.protocol} ${one.priority} ${one.address} ${one.port} typ ${one.type}${tcp}`;
  });
  return [...lines, 'a=end-of-candidates'];
}

function codecLines(codec: types.RtpCodecParameters): string[] {
  const name = codec.mimeType.split('/')[1] ?? codec.mimeType;
  const channels = codec.channels !== undefined && codec.channels > 1 ? `/${codec.channels}` : '';
  const type = String(codec.payloadType);
  const parameters = Object.entries<unknown>(codec.parameters ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(';');
  return [
    `a=rtpmap:${type} ${name}/${codec.clockRate}${channels}`,
    ...(parameters === '' ? [] : [`a=fmtp:${type} ${parameters}`]),
    ...(codec.rtcpFeedback ?? []).map(({ type: kind, parameter }) =>
      parameter === undefined || parameter === ''
        ? `a=rtcp-fb:${type} ${kind}`
        : `a=rtcp-fb:${type} ${kind} ${parameter}`,
    ),
  ];
}

function sourceLines(rtp: types.RtpParameters): string[] {
  const encoding = rtp.encodings?.[0];
  if (encoding?.ssrc === undefined) return [];
  const cname = rtp.rtcp?.cname ?? 'camera';
  const { ssrc, rtx } = encoding;
  return [
    ...(rtx === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtx.ssrc}`]),
    `a=ssrc:${ssrc} cname:${cname}`,
    ...(rtx === undefined ? [] : [`a=ssrc:${rtx.ssrc} cname:${cname}`]),
  ];
}
