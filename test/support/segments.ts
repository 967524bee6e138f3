import { moov } from '../../src/media/fmp4/init.ts';
import { box, u32 } from '../../src/media/fmp4/boxes.ts';
import { buildMoof, type Run, type Sample } from '../../src/media/fmp4/moof.ts';
import type { AudioTrack, VideoTrack } from '../../src/media/types.ts';

export const video: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c01e',
  width: 640,
  height: 360,
  reorders: false,
  vps: [],
  sps: [Buffer.from('6742c01ed900a047fe88', 'hex')],
  pps: [Buffer.from('68ce3c80', 'hex')],
  timebase: 90_000,
};

export const audio: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  sampleRate: 16_000,
  channels: 1,
  config: Buffer.from([0x14, 0x08]),
  timebase: 16_000,
};

export interface SegmentSpec {
  readonly seconds: number;
  /** Default 10. */
  readonly fps?: number;
  /** Frames from key frame to key frame, default 20. */
  readonly gop?: number;
  /** Frames in a fragment at most, default 5. */
  readonly perFragment?: number;
  readonly withAudio?: boolean;
  /** Pictures in decoding order I P B P B…, presented one frame later. */
  readonly reordered?: boolean;
  readonly track?: VideoTrack;
  /** Goes into the samples, to tell files apart. */
  readonly name?: string;
}

/** The content of sample number `index`: its name, filled up to a length of its own. */
export function sampleData(kind: string, name: string, index: number): Buffer {
  const text = `${kind}-${name}-${String(index)};`;
  return Buffer.from(text.padEnd(text.length + (index % 7), '.'));
}

/** A segment file like the recorder writes it, with made-up samples that say which they are. */
export function makeSegment(spec: SegmentSpec): Buffer {
  const { seconds, fps = 10, gop = 20, perFragment = 5, withAudio = false, name = 'a' } = spec;
  const track = spec.track ?? video;
  const frames = Math.round(seconds * fps);
  const parts = [box('ftyp', Buffer.from('iso6'), u32(0)), moov(withAudio ? [track, audio] : [track])];
  parts.push(box('uuid', Buffer.alloc(16, 7), Buffer.from('{}')));
  let sequence = 0;
  let nextAudio = 0;
  for (let frame = 0; frame < frames;) {
    const left = Math.min(perFragment, gop - (frame % gop), frames - frame);
    const runs: Run[] = [videoRun(spec, track, frame, left, { fps, gop, name })];
    if (withAudio) {
      const until = Math.floor((((frame + left) / fps) * audio.timebase) / 1024);
      runs.push(audioRun(nextAudio, until - nextAudio, name));
      nextAudio = until;
    }
    sequence += 1;
    const made = buildMoof(sequence, runs);
    parts.push(box('prft', Buffer.alloc(24)), made.moof, ...made.mdat);
    frame += left;
  }
  return Buffer.concat(parts);
}

function videoRun(
  spec: SegmentSpec,
  track: VideoTrack,
  first: number,
  count: number,
  { fps, gop, name }: { fps: number; gop: number; name: string },
): Run {
  const duration = track.timebase / fps;
  const samples = Array.from({ length: count }, (_, at): Sample => {
    const index = first + at;
    const inGop = index % gop;
    // I at 1, then pairs P B: P is shown two frames later than decoded, B at once.
    const alone = inGop === 0 || (inGop === gop - 1 && inGop % 2 === 1);
    const shift = spec.reordered === true ? (alone ? 1 : inGop % 2 === 1 ? 2 : 0) : 0;
    return {
      data: sampleData('v', name, index),
      duration,
      key: inGop === 0,
      compositionOffset: shift * duration,
    };
  });
  return { trackId: 1, kind: 'video', decodeTime: first * duration, timescale: track.timebase, samples };
}

function audioRun(first: number, count: number, name: string): Run {
  const samples = Array.from({ length: count }, (_, at): Sample => {
    return { data: sampleData('a', name, first + at), duration: 1024, key: true, compositionOffset: 0 };
  });
  return { trackId: 2, kind: 'audio', decodeTime: first * 1024, timescale: audio.timebase, samples };
}
