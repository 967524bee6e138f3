import { describe, expect, it } from 'vitest';
import { pickChallenge } from '../../../../../src/media/source/rtsp/auth.ts';
import { InterleavedParser } from '../../../../../src/media/source/rtsp/interleaved.ts';
import { MediaSession } from '../../../../../src/media/source/rtsp/media-session.ts';
import { parseSdp } from '../../../../../src/media/source/rtsp/sdp.ts';
import { chooseTracks } from '../../../../../src/media/source/rtsp/tracks.ts';
import { RtpStream } from '../../../../../src/media/rtp/stream.ts';
import { SourceError, type SourcePacket, type VideoCodec } from '../../../../../src/media/types.ts';
import { mutate, seeded } from '../../../../support/random.ts';
import { FakeVideo, SETS } from '../../../../support/rtsp/fake-video.ts';
import { aacPayload, interleaved, videoPayloads } from '../../../../support/rtsp/payloads.ts';

function description(codec: VideoCodec): string {
  const base64 = (nals: readonly Buffer[]) => nals.map((nal) => nal.toString('base64')).join(',');
  const { vps, sps, pps } = SETS[codec];
  const sets =
    codec === 'h264'
      ? `sprop-parameter-sets=${base64([...sps, ...pps])}`
      : `sprop-vps=${base64(vps)};sprop-sps=${base64(sps)};sprop-pps=${base64(pps)}`;
  return [
    'v=0',
    'a=control:*',
    'm=video 0 RTP/AVP 96',
    `a=rtpmap:96 ${codec.toUpperCase()}/90000`,
    `a=fmtp:96 packetization-mode=1;${sets}`,
    'a=control:track1',
    'm=audio 0 RTP/AVP 97',
    'a=rtpmap:97 MPEG4-GENERIC/48000/2',
    'a=fmtp:97 mode=AAC-hbr;config=1190;sizelength=13;indexlength=3;indexdeltalength=3',
    'a=control:track2',
    '',
  ].join('\r\n');
}

/** What a camera sends in a second or so: messages, pictures, sound and reports. */
function conversation(codec: VideoCodec): Buffer[] {
  const video = new FakeVideo({ codec, gop: 4, keyBytes: 700, bytes: 150 });
  const rtp = new RtpStream({ ssrc: 1, payloadType: 96, clockRate: 90_000, firstSequence: 65_530 });
  const sound = new RtpStream({ ssrc: 2, payloadType: 97, clockRate: 48_000, firstSequence: 9 });
  const pieces: Buffer[] = [
    Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 5\r\nSession: 1\r\nContent-Length: 3\r\n\r\nabc'),
  ];
  for (let n = 0; n < 12; n += 1) {
    const { pts, key, slices } = video.next();
    const sets = key ? [...SETS[codec].vps, ...SETS[codec].sps, ...SETS[codec].pps] : [];
    for (const packet of rtp.packets(pts, videoPayloads(codec, [...sets, ...slices], 300))) {
      pieces.push(interleaved(0, packet));
    }
    pieces.push(interleaved(2, sound.packet(n * 1_024, aacPayload([Buffer.alloc(20, n)]), true)));
    if (n % 5 === 4) pieces.push(interleaved(1, rtp.senderReport(pts, 1_700_000_000_000 + n * 40, 'camera')));
  }
  return pieces;
}

/** Feeds the bytes as a connection would; false when it would end it. */
function feed(codec: VideoCodec, pieces: readonly Buffer[], random: () => number): SourcePacket[] | false {
  const packets: SourcePacket[] = [];
  const media = new MediaSession(
    chooseTracks(parseSdp(description(codec))),
    { header: () => undefined, packet: (packet) => void packets.push(packet) },
    { bytes: 0, packets: 0, lost: 0, malformed: 0 },
    { now: () => 1_700_000_000_000 + packets.length * 20 },
  );
  const parser = new InterleavedParser({
    frame: (channel, data, start, end) => {
      if (channel > 3) return;
      const kind = channel < 2 ? 'video' : 'audio';
      if (channel % 2 === 1) media.rtcp(kind, data, start, end);
      else media.rtp(kind, data, start, end);
    },
    message: () => undefined,
    garbage: () => undefined,
  });
  const bytes = Buffer.concat(pieces);
  try {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, 1 + Math.floor(random() * 3_000));
      parser.push(bytes.subarray(at, at + count), count);
      at += count;
    }
  } catch (error) {
    if (error instanceof RangeError && /RTSP/.test(error.message)) return false;
    throw error;
  }
  media.report('video');
  media.report('audio');
  return packets;
}

function check(packets: readonly SourcePacket[]): void {
  const last = [-1, -1];
  for (const { track, dts, pts, data, time, kind } of packets) {
    if (!(dts > (last[track] ?? 0) && pts >= dts && Number.isFinite(time)))
      throw new Error('times are wrong');
    last[track] = dts;
    if (kind !== 'video') continue;
    let at = 0;
    while (at + 4 <= data.length) at += 4 + data.readUInt32BE(at);
    if (at !== data.length) throw new Error('lengths of NAL units are wrong');
  }
}

describe('nothing that a camera sends gets past the parsers', () => {
  it.each([
    ['h264', 6_000],
    ['h265', 6_000],
  ] as const)('%s: %i conversations with mutations', (codec, rounds) => {
    const pieces = conversation(codec);
    const clean = feed(codec, pieces, seeded(1));
    expect(clean === false ? 0 : clean.filter((packet) => packet.kind === 'video').length).toBe(12);
    let ended = 0;
    let delivered = 0;
    for (let round = 0; round < rounds; round += 1) {
      const random = seeded(round);
      const spoiled = pieces.map((piece) => (random() < 0.15 ? mutate(piece, random) : piece));
      const packets = feed(codec, spoiled, random);
      if (packets === false) ended += 1;
      else {
        check(packets);
        delivered += packets.length;
      }
    }
    // Most of it must get through, or this would prove nothing.
    expect(delivered).toBeGreaterThan(rounds * 4);
    expect(ended).toBeLessThan(rounds / 4);
  });

  it('8,000 mutated descriptions', () => {
    let usable = 0;
    for (let round = 0; round < 8_000; round += 1) {
      const text = Buffer.from(description(round % 2 === 0 ? 'h264' : 'h265'));
      try {
        const { video } = chooseTracks(parseSdp(mutate(text, seeded(round)).toString('latin1')));
        expect(video.media.clockRate).toBeGreaterThan(0);
        usable += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(SourceError);
      }
    }
    expect(usable).toBeGreaterThan(2_000);
  });

  it('2,000 mutated challenges', () => {
    const header = Buffer.from('Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256, Basic realm="c"');
    for (let round = 0; round < 2_000; round += 1) {
      pickChallenge([mutate(header, seeded(round)).toString('latin1')]);
    }
  });
});
