import { describe, expect, it } from 'vitest';
import { ProbeResult } from '../../../src/contracts/entities.ts';
import { describeFindings, type Findings } from '../../../src/media/probe-report.ts';
import { makeAacTrack, makeG711Track } from '../../../src/media/codec/tracks.ts';
import { SourceError, type VideoTrack } from '../../../src/media/types.ts';
import { videoTrack } from '../../support/media/video-frames.ts';

const findings = (more: Partial<Findings> = {}): Findings => ({
  describedMs: 12,
  firstKeyFrameMs: 100,
  tracks: [videoTrack],
  notes: [],
  pictures: 50,
  bytes: 500_000,
  spanMs: 2_000,
  keyTimes: [1_000, 3_000],
  readMs: 2_100,
  ...more,
});
const report = (more: Partial<Findings> = {}, error?: SourceError) => {
  const result = describeFindings(findings(more), error);
  expect(ProbeResult.parse(result)).toEqual(result);
  return { ...result, text: result.messages.join(' ') };
};

describe('what a probe says', () => {
  it('about a camera with nothing to complain of', () => {
    const { ok, code, text, video, connectMs, firstKeyFrameMs } = report({
      tracks: [videoTrack, makeAacTrack(Buffer.from('1190', 'hex'), 48_000)],
    });
    expect({ ok, code, connectMs, firstKeyFrameMs }).toEqual({
      ok: true,
      code: null,
      connectMs: 12,
      firstKeyFrameMs: 100,
    });
    expect(video).toMatchObject({ fps: 25, kbps: 2_000, gopSeconds: 2 });
    expect(text).toBe(
      'Found: H.264, 320x240, 25 pictures a second, 2000 kbit/s, a key frame every 2 s. Sound: AAC, 48 kHz, stereo.',
    );
  });

  it('measures the rate that the parameter sets do not tell, or get wrong', () => {
    const silent: VideoTrack = { ...videoTrack };
    Reflect.deleteProperty(silent, 'fps');
    const fps = (track: VideoTrack, more: Partial<Findings> = {}) =>
      report({ tracks: [track], ...more }).video?.fps;
    expect(fps(silent)).toBe(25);
    expect(fps(silent, { keyTimes: [0], pictures: 51 })).toBe(25);
    expect(fps(silent, { spanMs: 0, keyTimes: [0], pictures: 1 })).toBeNull();
    expect(fps({ ...videoTrack, fps: 60 })).toBe(25);
    expect(fps({ ...videoTrack, fps: 60 }, { spanMs: 0 })).toBe(60);
    expect(fps({ ...videoTrack, fps: 24.9 })).toBe(24.9);
  });

  it('about codecs that take another way to viewers or to the recording', () => {
    expect(report({ tracks: [{ ...videoTrack, codec: 'h265' }] }).text).toMatch(/H\.265.*MSE/);
    expect(report({ tracks: [{ ...videoTrack, reorders: true }] }).text).toMatch(/B-frames.*MSE/);
    const pcm = report({ tracks: [videoTrack, makeG711Track('pcmu', 8_000, 1)] });
    expect(pcm.text).toMatch(/µ-law, 8 kHz, mono; it will be recorded as AAC/);
    expect(pcm.audio).toEqual({ codec: 'pcmu', sampleRate: 8_000, channels: 1 });
  });

  it('about sound that is missing or not used', () => {
    expect(report().text).toMatch(/no sound/);
    expect(report({ notes: ['The sound (G726) is not used.'] }).messages).toContain(
      'The sound (G726) is not used.',
    );
  });

  it('about key frames that are far apart', () => {
    expect(report({ keyTimes: [0, 8_000] }).text).toMatch(/far apart.*1 or 2 s/);
    expect(report({ keyTimes: [0], readMs: 6_003 }).text).toMatch(/No second key frame came within 6 s/);
    expect(report({ keyTimes: [0], readMs: 900 }).text).not.toMatch(/key-frame interval/);
  });

  it('about what went wrong, with what was found before', () => {
    const wrong = report({}, new SourceError('closed_by_camera', 'The camera closed the connection.'));
    expect(wrong).toMatchObject({ ok: false, code: 'closed_by_camera' });
    expect(wrong.messages[0]).toBe('The camera closed the connection.');
    expect(wrong.video).not.toBeNull();
    const nothing = {
      describedMs: null,
      firstKeyFrameMs: null,
      tracks: [],
      pictures: 0,
      bytes: 0,
      keyTimes: [],
    };
    expect(report({ ...nothing }, new SourceError('not_found', 'No such path.'))).toMatchObject({
      ok: false,
      messages: ['No such path.'],
      video: null,
    });
    expect(report(nothing)).toMatchObject({ ok: false, code: 'open_timeout' });
    expect(report({ ...nothing, describedMs: 5, readMs: 6_000 })).toMatchObject({
      ok: false,
      code: 'no_media',
      messages: ['The camera agreed to play, but sent no picture within 6 s.'],
    });
  });
});
