import type { AudioTrack, SourcePacket, Track, VideoCodec, VideoTrack } from '../../../src/media/types.ts';
import { ffmpeg } from './ffmpeg.ts';

export interface Clip {
  readonly tracks: readonly Track[];
  /** In order of decoding; `time` is milliseconds of presentation plus `startTime`. */
  readonly packets: readonly SourcePacket[];
}

export interface ClipOptions {
  readonly codec?: VideoCodec;
  readonly frames?: number;
  readonly fps?: number;
  readonly gop?: number;
  readonly bFrames?: number;
  readonly size?: readonly [number, number];
  readonly profile?: string;
  /** True is AAC at 48 kHz; the others are G.711 at 8 kHz. A tone of 440 Hz. */
  readonly audio?: boolean | 'pcma' | 'pcmu';
  readonly startTime?: number;
}

/** A moving test picture, encoded by the ffmpeg command, as packets of a source. */
export function makeClip(options: ClipOptions = {}): Clip {
  const video = makeVideo(options);
  const audio = soundOf(options);
  const decoded = (packet: SourcePacket): number =>
    packet.dts / ((packet.kind === 'video' ? 90_000 : (audio?.track.timebase ?? 1)) / 1000);
  const packets = [...video.packets, ...(audio?.packets ?? [])].sort(
    (one, other) => decoded(one) - decoded(other),
  );
  return { tracks: audio === undefined ? [video.track] : [video.track, audio.track], packets };
}

function makeVideo(options: ClipOptions): { track: VideoTrack; packets: SourcePacket[] } {
  const {
    codec = 'h264',
    frames = 50,
    fps = 25,
    gop = 25,
    bFrames = 0,
    size = [320, 240],
    startTime = 0,
  } = options;
  const annexB = encodeVideo(codec, { frames, fps, gop, bFrames, size, profile: options.profile ?? 'high' });
  const units = accessUnits(annexB, codec);
  const ticks = 90_000 / fps;
  const order = presentationOrder(units.length, gop, bFrames);
  const sets = new Map<number, Buffer>();
  const packets = units.map((nals, index): SourcePacket => {
    for (const nal of nals) if (isParameterSet(nal, codec)) sets.set(nalType(nal, codec), nal);
    const kept = nals.filter((nal) => !isParameterSet(nal, codec) && !isDelimiter(nal, codec));
    const dts = index * ticks;
    const pts = (order[index] ?? index) * ticks + bFrames * ticks;
    return {
      track: 0,
      kind: 'video',
      pts,
      dts,
      time: startTime + pts / 90,
      discontinuity: false,
      key: kept.some((nal) => isKey(nal, codec)),
      data: lengthPrefixed(kept),
    };
  });
  const list = (type: number): Buffer[] => [sets.get(type)].filter((nal) => nal !== undefined);
  const h264 = codec === 'h264';
  const sps = list(h264 ? 7 : 33);
  const track: VideoTrack = {
    kind: 'video',
    codec,
    width: size[0],
    height: size[1],
    fps,
    reorders: bFrames > 0,
    timebase: 90_000,
    codecString: h264 ? `avc1.${sps[0]?.toString('hex', 1, 4) ?? ''}` : 'hvc1.1.6.L60.B0',
    vps: h264 ? [] : list(32),
    sps,
    pps: list(h264 ? 8 : 34),
  };
  return { track, packets };
}

function encodeVideo(
  codec: VideoCodec,
  o: {
    frames: number;
    fps: number;
    gop: number;
    bFrames: number;
    size: readonly [number, number];
    profile: string;
  },
): Buffer {
  const source = [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${String(o.size[0])}x${String(o.size[1])}:rate=${String(o.fps)}`,
    '-frames:v',
    String(o.frames),
  ];
  const common = `keyint=${String(o.gop)}:min-keyint=${String(o.gop)}:scenecut=0:bframes=${String(o.bFrames)}`;
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-profile:v',
    o.profile,
    '-pix_fmt',
    'yuv420p',
    '-x264-params',
    `${common}:aud=1:b-adapt=0:b-pyramid=0:open-gop=0`,
    '-f',
    'h264',
  ];
  const x265 = [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-x265-params',
    `${common}:aud=1:b-adapt=0:b-pyramid=0:open-gop=0:log-level=none`,
    '-f',
    'hevc',
  ];
  return ffmpeg([...source, ...(codec === 'h264' ? x264 : x265), '-']);
}

/** For each picture in decoding order its place in output order, with closed GOPs and groups I BB P BB P. */
function presentationOrder(count: number, gop: number, bFrames: number): number[] {
  const order: number[] = [];
  for (let start = 0; start < count; start += gop) {
    const end = Math.min(start + gop, count);
    order.push(start);
    for (let next = start + 1; next < end;) {
      const anchor = Math.min(next + bFrames, end - 1);
      order.push(anchor);
      for (let between = next; between < anchor; between += 1) order.push(between);
      next = anchor + 1;
    }
  }
  return order;
}

const nalType = (nal: Buffer, codec: VideoCodec): number =>
  codec === 'h264' ? (nal[0] ?? 0) & 31 : ((nal[0] ?? 0) >> 1) & 63;
const isParameterSet = (nal: Buffer, codec: VideoCodec): boolean =>
  (codec === 'h264' ? [7, 8] : [32, 33, 34]).includes(nalType(nal, codec));
const isDelimiter = (nal: Buffer, codec: VideoCodec): boolean =>
  nalType(nal, codec) === (codec === 'h264' ? 9 : 35);
const isKey = (nal: Buffer, codec: VideoCodec): boolean =>
  codec === 'h264' ? nalType(nal, codec) === 5 : nalType(nal, codec) >= 16 && nalType(nal, codec) <= 21;

function accessUnits(annexB: Buffer, codec: VideoCodec): Buffer[][] {
  const units: Buffer[][] = [];
  for (const nal of splitAnnexB(annexB)) {
    if (isDelimiter(nal, codec)) units.push([]);
    units.at(-1)?.push(nal);
  }
  return units;
}

/** The NAL units between start codes. */
export function splitAnnexB(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  const code = Buffer.from([0, 0, 1]);
  let start = data.indexOf(code);
  while (start >= 0) {
    const next = data.indexOf(code, start + 3);
    let end = next < 0 ? data.length : next;
    while (end > start + 3 && data[end - 1] === 0) end -= 1;
    nals.push(data.subarray(start + 3, end));
    start = next;
  }
  return nals;
}

export function lengthPrefixed(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );
}

function soundOf(options: ClipOptions): { track: AudioTrack; packets: SourcePacket[] } | undefined {
  if (options.audio === undefined || options.audio === false) return undefined;
  return options.audio === true ? makeAudio(options) : makePcm(options.audio, options);
}

/** G.711 (ITU-T) in packets of 20 ms. */
function makePcm(
  codec: 'pcma' | 'pcmu',
  { frames = 50, fps = 25, startTime = 0 }: ClipOptions,
): { track: AudioTrack; packets: SourcePacket[] } {
  const source = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=8000', '-t', String(frames / fps)];
  const data = ffmpeg([...source, '-f', codec === 'pcma' ? 'alaw' : 'mulaw', '-']);
  const packets = Array.from({ length: Math.floor(data.length / 160) }, (_, index): SourcePacket => {
    const pts = index * 160;
    return {
      track: 1,
      kind: 'audio',
      pts,
      dts: pts,
      time: startTime + pts / 8,
      discontinuity: false,
      key: true,
      data: data.subarray(pts, pts + 160),
    };
  });
  const track: AudioTrack = {
    kind: 'audio',
    codec,
    codecString: codec,
    sampleRate: 8_000,
    channels: 1,
    timebase: 8_000,
    config: Buffer.alloc(0),
  };
  return { track, packets };
}

function makeAudio(options: ClipOptions): { track: AudioTrack; packets: SourcePacket[] } {
  const { frames = 50, fps = 25, startTime = 0 } = options;
  const adts = ffmpeg([
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440:sample_rate=48000',
    '-t',
    String(frames / fps),
    '-c:a',
    'aac',
    '-b:a',
    '64k',
    '-f',
    'adts',
    '-',
  ]);
  const packets: SourcePacket[] = [];
  for (let at = 0; at + 7 <= adts.length;) {
    const length =
      (((adts[at + 3] ?? 0) & 3) << 11) | ((adts[at + 4] ?? 0) << 3) | ((adts[at + 5] ?? 0) >> 5);
    const pts = packets.length * 1024;
    packets.push({
      track: 1,
      kind: 'audio',
      pts,
      dts: pts,
      time: startTime + pts / 48,
      discontinuity: false,
      key: true,
      data: adts.subarray(at + 7, at + length),
    });
    at += length;
  }
  const track: AudioTrack = {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 1,
    timebase: 48_000,
    config: Buffer.from([0x11, 0x88]),
  };
  return { track, packets };
}
