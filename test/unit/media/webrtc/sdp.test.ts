import { parse } from 'sdp-transform';
import { describe, expect, it } from 'vitest';
import { checkedFingerprint, parseOffer } from '../../../../src/media/webrtc/sdp-offer.ts';
import { type SdpTransport, writeSdp } from '../../../../src/media/webrtc/sdp-write.ts';

const PRINT = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join(':');
const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 103 104 39',
  'c=IN IP4 0.0.0.0',
  `a=fingerprint:sha-256 ${PRINT}`,
  'a=mid:0',
  'a=recvonly',
  'a=rtpmap:103 H264/90000',
  'a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
  'a=rtcp-fb:103 nack',
  'a=rtcp-fb:103 nack pli',
  'a=rtcp-fb:104 nack',
  'a=rtpmap:104 rtx/90000',
  'a=fmtp:104 apt=103',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 8',
  'c=IN IP4 0.0.0.0',
  'a=mid:1',
  'a=recvonly',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:8 PCMA/8000',
  '',
].join('\r\n');

const transport: SdpTransport = {
  iceParameters: { usernameFragment: 'uf', password: 'secret' },
  iceCandidates: [
    {
      foundation: 'f',
      priority: 1,
      address: '10.0.0.1',
      ip: '10.0.0.1',
      protocol: 'udp',
      port: 8555,
      type: 'host',
    },
    {
      foundation: 'g',
      priority: 2,
      address: '10.0.0.1',
      ip: '10.0.0.1',
      protocol: 'tcp',
      port: 8555,
      type: 'host',
      tcpType: 'passive',
    },
  ],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }] },
};

describe('parseOffer', () => {
  it('reads sections, codecs and the fingerprint in capitals', () => {
    const offer = parseOffer(OFFER);
    expect(offer.fingerprint).toEqual({ algorithm: 'sha-256', value: PRINT.toUpperCase() });
    expect(offer.media.map(({ kind, mid, receives }) => [kind, mid, receives])).toEqual([
      ['video', '0', true],
      ['audio', '1', true],
    ]);
    expect(offer.media[0]?.codecs[0]).toMatchObject({
      name: 'H264',
      payloadType: 103,
      parameters: { 'packetization-mode': 1, 'profile-level-id': '42001f' },
      rtcpFeedback: [
        { type: 'nack', parameter: '' },
        { type: 'nack', parameter: 'pli' },
      ],
    });
    expect(offer.media[1]?.codecs.map((codec) => codec.channels)).toEqual([2, 1]);
  });

  it('refuses what is no offer', () => {
    expect(() => parseOffer('hello')).toThrow(RangeError);
    expect(() => parseOffer(OFFER.replace(/a=fingerprint.*\r\n/, ''))).toThrow('no fingerprint');
    expect(() => checkedFingerprint('md5', PRINT)).toThrow('md5');
    expect(() => checkedFingerprint('sha-256', 'zz')).toThrow('hex');
  });
});

describe('writeSdp', () => {
  const rtp = {
    codecs: [
      {
        mimeType: 'video/H264',
        payloadType: 103,
        clockRate: 90_000,
        parameters: { 'packetization-mode': 1, 'profile-level-id': '4d001f' },
        rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
      },
    ],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' as const, id: 1 }],
    encodings: [{ ssrc: 77, rtx: { ssrc: 78 } }],
    rtcp: { cname: 'cam' },
  };
  const sections = [
    { mid: '0', kind: 'video', rtp, stream: 'live' },
    { mid: '1', kind: 'audio', payloads: '111 8', stream: 'live' },
  ];

  it('answers passively with the candidates, refusing what it does not send', () => {
    const sdp = parse(writeSdp({ role: 'answer', transport, sections, sessionId: 5 }));
    expect(sdp.icelite).toBe('ice-lite');
    expect(sdp.groups?.[0]?.mids).toEqual(0);
    const [video, audio] = sdp.media;
    expect(video).toMatchObject({ setup: 'passive', direction: 'sendonly', payloads: 103 });
    expect(video?.candidates?.map((one) => one.transport)).toEqual(['udp', 'tcp']);
    expect(video?.candidates?.[1]?.tcptype).toBe('passive');
    expect(video?.ext).toBeUndefined();
    expect(audio).toMatchObject({ port: 0, direction: 'inactive', payloads: '111 8' });
  });

  it('offers with extensions, RTX and both roles', () => {
    const sdp = parse(writeSdp({ role: 'offer', transport, sections: sections.slice(0, 1), sessionId: 5 }));
    expect(sdp.media[0]).toMatchObject({ setup: 'actpass', ext: [{ value: 1 }] });
    expect(sdp.media[0]?.ssrcGroups).toEqual([{ semantics: 'FID', ssrcs: '77 78' }]);
  });
});
