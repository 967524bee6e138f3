import { execFileSync, spawnSync } from 'node:child_process';

/** Tests that need the ffmpeg command skip by name without it. */
export const hasFfmpeg =
  spawnSync('ffmpeg', ['-version']).status === 0 && spawnSync('ffprobe', ['-version']).status === 0;

export const hasEncoder = (name: string): boolean =>
  hasFfmpeg &&
  execFileSync('ffmpeg', ['-hide_banner', '-encoders'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).includes(` ${name} `);

export function ffmpeg(args: readonly string[], input?: Buffer): Buffer {
  return execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], {
    maxBuffer: 256 * 1024 * 1024,
    ...(input === undefined ? {} : { input }),
  });
}

export interface Probed {
  readonly streams: readonly {
    codec_name: string;
    codec_type: string;
    width?: number;
    height?: number;
    nb_read_frames?: string;
    start_time?: string;
  }[];
  readonly format: { duration?: string; start_time?: string };
}

/** @throws Error when ffprobe prints any warning about the file */
export function probe(file: string): Probed {
  const result = spawnSync(
    'ffprobe',
    ['-v', 'warning', '-count_frames', '-show_streams', '-show_format', '-of', 'json', file],
    { encoding: 'utf8' },
  );
  if (result.status !== 0 || result.stderr.trim() !== '') throw new Error(`ffprobe: ${result.stderr}`);
  return JSON.parse(result.stdout) as Probed;
}

export interface ProbedPacket {
  readonly stream: number;
  readonly pts: number;
  readonly dts: number;
  readonly key: boolean;
}

/** Times in seconds. */
export function probePackets(file: string): ProbedPacket[] {
  const text = execFileSync(
    'ffprobe',
    ['-v', 'error', '-show_entries', 'packet=stream_index,pts_time,dts_time,flags', '-of', 'json', file],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const { packets } = JSON.parse(text) as {
    packets: { stream_index: number; pts_time: string; dts_time: string; flags: string }[];
  };
  return packets.map((packet) => ({
    stream: packet.stream_index,
    pts: Number(packet.pts_time),
    dts: Number(packet.dts_time),
    key: packet.flags.startsWith('K'),
  }));
}
