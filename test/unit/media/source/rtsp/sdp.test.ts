import { describe, expect, it } from 'vitest';
import { parseSdp, spropNals } from '../../../../../src/media/source/rtsp/sdp.ts';
import { chooseTracks } from '../../../../../src/media/source/rtsp/tracks.ts';
import { SourceError } from '../../../../../src/media/types.ts';
import { SETS } from '../../../../support/rtsp/fake-video.ts';

const sdp = (...lines: string[]) => parseSdp(['v=0', ...lines].join('\r\n'));
const H264 = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000'];
const sprop = [...SETS.h264.sps, ...SETS.h264.pps].map((nal) => nal.toString('base64')).join(',');

describe('session descriptions', () => {
  it('reads what it needs, whatever the line ends are', () => {
    const text = [
      'v=0',
      'a=control:rtsp://a/b',
      'm=video 0 RTP/AVP 96 97',
      'a=rtpmap:97 x/1',
      'a=rtpmap:96 h264/90000',
      'a=control: track1',
      'm=audio 0 RTP/AVP 0',
    ];
    for (const end of ['\n', '\r\n', '\r']) {
      const { control, media } = parseSdp(text.join(end));
      expect(control).toBe('rtsp://a/b');
      expect(media).toMatchObject([
        { kind: 'video', payloadType: 96, encoding: 'H264', clockRate: 90_000, control: 'track1' },
        { kind: 'audio', payloadType: 0, encoding: 'PCMU', clockRate: 8_000, channels: 1, control: '' },
      ]);
    }
  });

  it('passes over what it cannot understand', () => {
    const { media } = sdp('m=video', 'm=video 0 RTP/AVP 200', 'm=audio 0 RTP/AVP 96', 'a=rtpmap:96 x/0');
    expect(media).toMatchObject([{ kind: 'audio', encoding: '', clockRate: 90_000 }]);
    expect(sdp(...Array.from({ length: 100 }, () => 'm=audio 0 RTP/AVP 0')).media).toHaveLength(16);
  });

  it('takes start codes and empty parts off the parameter sets', () => {
    const [media] = sdp(...H264, 'a=fmtp:96 sprop-parameter-sets=AAAAAWdC,,!!,aMs=').media;
    if (media === undefined) throw new Error('no media');
    expect(spropNals(media, 'sprop-parameter-sets').map((nal) => nal.toString('hex'))).toEqual([
      '6742',
      '68cb',
    ]);
  });
});

describe('the choice of tracks', () => {
  it('takes the first video it knows, with its parameter sets', () => {
    const choice = chooseTracks(
      sdp('m=video 0 RTP/AVP 26', ...H264, `a=fmtp:96 packetization-mode=1; sprop-parameter-sets=${sprop}`),
    );
    expect(choice.video).toMatchObject({ codec: 'h264', sets: { sps: SETS.h264.sps, pps: SETS.h264.pps } });
    expect(choice.audio).toBeUndefined();
    expect(choice.notes).toEqual([]);
  });

  it('does without parameter sets that are not complete', () => {
    const half = SETS.h264.sps[0].toString('base64');
    expect(chooseTracks(sdp(...H264, `a=fmtp:96 sprop-parameter-sets=${half}`)).video.sets.sps).toEqual([]);
    expect(chooseTracks(sdp('m=video 0 RTP/AVP 96', 'a=rtpmap:96 HEVC/90000')).video.codec).toBe('h265');
  });

  it('does not send to the loudspeaker, and tells what sound it cannot use', () => {
    const choice = chooseTracks(
      sdp(...H264, 'm=audio 0 RTP/AVP 0', 'a=recvonly', 'm=audio 0 RTP/AVP 98', 'a=rtpmap:98 G726-32/8000'),
    );
    expect(choice.audio).toBeUndefined();
    expect(choice.notes).toEqual(['The sound (G726-32) is not used: only AAC and G.711 are.']);
  });

  it('prefers sound that it can use', () => {
    const choice = chooseTracks(
      sdp(...H264, 'm=audio 0 RTP/AVP 98', 'a=rtpmap:98 OPUS/48000/2', 'm=audio 0 RTP/AVP 8'),
    );
    expect(choice.audio?.track).toMatchObject({ codec: 'pcma', sampleRate: 8_000, channels: 1 });
    expect(choice.notes).toHaveLength(1);
  });

  it('reads AAC, and leaves it out when its configuration makes no sense', () => {
    const aac = (format: string) =>
      chooseTracks(
        sdp(...H264, 'm=audio 0 RTP/AVP 97', 'a=rtpmap:97 MPEG4-GENERIC/48000/2', `a=fmtp:97 ${format}`),
      );
    expect(aac('config=1190;SizeLength=13;IndexLength=3;IndexDeltaLength=3').audio).toMatchObject({
      track: { codec: 'aac', sampleRate: 48_000, channels: 2 },
      format: { sizeLength: 13, indexLength: 3, indexDeltaLength: 3 },
      frameTicks: 1_024,
    });
    for (const bad of ['config=', 'config=ff', 'config=1190;sizelength=0', 'config=1190;sizelength=99']) {
      expect(aac(bad).audio).toBeUndefined();
      expect(aac(bad).notes[0]).toMatch(/AAC configuration/);
    }
  });

  it.each([
    [['m=audio 0 RTP/AVP 0'], 'no_media'],
    [[], 'no_media'],
    [['m=video 0 RTP/AVP 26'], 'unsupported_codec'],
    [['m=video 0 RTP/AVP 96', 'a=rtpmap:96 AV1/90000'], 'unsupported_codec'],
  ])('has none in %j', (lines, code) => {
    expect(() => chooseTracks(sdp(...lines))).toThrow(SourceError);
    expect(() => chooseTracks(sdp(...lines))).toThrow(expect.objectContaining({ code }));
  });
});
