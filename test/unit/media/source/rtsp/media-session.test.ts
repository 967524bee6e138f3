import { describe, expect, it } from 'vitest';
import { RtpStream } from '../../../../../src/media/rtp/stream.ts';
import { MediaSession } from '../../../../../src/media/source/rtsp/media-session.ts';
import { parseSdp } from '../../../../../src/media/source/rtsp/sdp.ts';
import { chooseTracks } from '../../../../../src/media/source/rtsp/tracks.ts';
import type { SourcePacket, Track, VideoTrack } from '../../../../../src/media/types.ts';
import { type FakePicture, FakeVideo, pictureNumber, SETS } from '../../../../support/rtsp/fake-video.ts';
import { aacPayload, videoPayloads } from '../../../../support/rtsp/payloads.ts';

const START = 1_700_000_000_000;

function session({ audio = false, sets = SETS.h264 } = {}) {
  let now = START;
  const packets: SourcePacket[] = [];
  const headers: (readonly Track[])[] = [];
  const sprop = [...sets.sps, ...sets.pps].map((nal) => nal.toString('base64')).join(',');
  const sdp = [
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
    `a=fmtp:96 sprop-parameter-sets=${sprop}`,
    ...(audio
      ? [
          'm=audio 0 RTP/AVP 97',
          'a=rtpmap:97 MPEG4-GENERIC/48000/2',
          'a=fmtp:97 config=1190;sizelength=13;indexlength=3;indexdeltalength=3',
        ]
      : []),
  ];
  const stats = { bytes: 0, packets: 0, lost: 0, malformed: 0 };
  const media = new MediaSession(
    chooseTracks(parseSdp(sdp.join('\r\n'))),
    { header: ({ tracks }) => void headers.push(tracks), packet: (packet) => void packets.push(packet) },
    stats,
    { now: () => now },
  );
  const video = new RtpStream({ ssrc: 1, payloadType: 96, clockRate: 90_000 });
  const sound = new RtpStream({ ssrc: 2, payloadType: 97, clockRate: 48_000 });
  const numbers = () => packets.filter((it) => it.kind === 'video').map((it) => pictureNumber(it.data));
  return {
    packets,
    headers,
    numbers,
    stats,
    media,
    /** @param shift ticks that the timestamp is off */
    picture: ({ slices, pts }: FakePicture, shift = 0) => {
      now += 40;
      for (const packet of video.packets(pts + shift, videoPayloads('h264', slices))) {
        media.rtp('video', packet, 0, packet.length);
      }
    },
    frame: (timestamp: number) => {
      const packet = sound.packet(timestamp, aacPayload([Buffer.alloc(9)]), true);
      media.rtp('audio', packet, 0, packet.length);
    },
    reports: (pictureTicks: number, soundTicks: number, soundTime: number) => {
      for (const [kind, report] of [
        ['video', video.senderReport(pictureTicks, START, 'c')],
        ['audio', sound.senderReport(soundTicks, soundTime, 'c')],
      ] as const) {
        media.rtcp(kind, report, 0, report.length);
      }
    },
  };
}

describe('MediaSession', () => {
  it('begins with the header, then pictures with ticks and time of the node', () => {
    const one = session();
    const video = new FakeVideo();
    for (let n = 0; n < 3; n += 1) one.picture(video.next());
    expect(one.headers).toHaveLength(1);
    expect(one.packets.map(({ pts, dts, time, key }) => [pts, dts, Math.round(time), key])).toEqual([
      [183_600, 183_600, START + 40, true],
      [187_200, 187_200, START + 80, false],
      [190_800, 190_800, START + 120, false],
    ]);
    expect(one.stats).toEqual({ bytes: 0, packets: 3, lost: 0, malformed: 0 });
  });

  it('begins with a key frame where pictures come out of order, and never doubts it', () => {
    const one = session({ sets: SETS.h264Wide });
    const video = new FakeVideo({ bFrames: 2, gop: 7 });
    for (let n = 0; n < 4; n += 1) video.next();
    for (let n = 4; n < 30; n += 1) one.picture(video.next());
    expect(one.numbers()[0]).toBe(7);
    expect(one.numbers()).toHaveLength(23);
    expect(one.headers).toHaveLength(1);
    expect(one.packets.every(({ pts, dts }) => dts <= pts)).toBe(true);
  });

  it('pushes a key frame on when the timestamps went back a little', () => {
    const one = session();
    const video = new FakeVideo({ gop: 5 });
    for (let n = 0; n < 5; n += 1) one.picture(video.next());
    for (let n = 5; n < 10; n += 1) one.picture(video.next(), -5_400);
    expect(one.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(one.headers).toHaveLength(1);
    expect((one.headers[0]?.[0] as VideoTrack).reorders).toBe(false);
    expect(one.packets[5]).toMatchObject({ key: true, discontinuity: true });
    const steps = one.packets.slice(1).map((it, index) => it.dts - (one.packets[index]?.dts ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(0);
  });

  it('lays the sound where the sender reports say', () => {
    const one = session({ audio: true });
    const video = new FakeVideo();
    const play = (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        one.picture(video.next());
        one.frame(n * 1_920);
      }
    };
    play(0, 10);
    const gap = () => {
      const last = (kind: string) => one.packets.filter((it) => it.kind === kind).at(-1)?.time ?? 0;
      return Math.round(last('audio') - last('video'));
    };
    expect(gap()).toBe(0);
    // By the camera's clock, the sound of tick 0 was taken 200 ms after the picture of tick 0.
    one.reports(0, 0, START + 200);
    play(10, 20);
    expect(gap()).toBe(200);
    const sounds = one.packets.filter((it) => it.kind === 'audio');
    expect(sounds.filter((it) => it.discontinuity)).toHaveLength(1);
  });

  it('reports what it received, once something came', () => {
    const one = session();
    expect(one.media.report('video')).toBeUndefined();
    expect(one.media.report('audio')).toBeUndefined();
    one.picture(new FakeVideo().next());
    expect(one.media.report('video')?.readUInt32BE(8)).toBe(1);
  });
});
