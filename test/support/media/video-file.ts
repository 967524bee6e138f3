import { FormatContext, Packet } from 'node-av/lib';
import { makeVideoTrack } from '../../../src/media/codec/tracks.ts';
import type { SourcePacket, VideoTrack } from '../../../src/media/types.ts';

export interface VideoFile {
  readonly track: VideoTrack;
  /** In order of decoding; `time` is milliseconds of presentation since the beginning. */
  readonly packets: readonly SourcePacket[];
}

/** The H.264 video of an MP4 file. @throws Error when the file is something else */
export async function readVideoFile(file: string): Promise<VideoFile> {
  const context = new FormatContext();
  if ((await context.openInput(file, null, null)) < 0) throw new Error(`${file} does not open`);
  const stream = context.streams.find(({ codecpar }) => codecpar.width > 0);
  if (stream === undefined) throw new Error(`${file} has no video`);
  const track = trackOf(stream.codecpar.extradata ?? Buffer.alloc(0), stream.timeBase.den);
  const packets: SourcePacket[] = [];
  const packet = new Packet();
  packet.alloc();
  while ((await context.readFrame(packet)) >= 0) {
    if (packet.streamIndex === stream.index) {
      packets.push({
        track: 0,
        kind: 'video',
        pts: Number(packet.pts),
        dts: Number(packet.dts),
        time: (Number(packet.pts) * 1000 * stream.timeBase.num) / stream.timeBase.den,
        discontinuity: false,
        key: packet.isKeyframe,
        data: Buffer.from(packet.data ?? []),
      });
    }
    packet.unref();
  }
  packet.free();
  await context.closeInput();
  return { track, packets };
}

/** Reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15) with one set of each kind. */
function trackOf(avcC: Buffer, timebase: number): VideoTrack {
  const spsLength = avcC.readUInt16BE(6);
  const ppsAt = 8 + spsLength + 1;
  const ppsLength = avcC.readUInt16BE(ppsAt);
  const sps = [avcC.subarray(8, 8 + spsLength)];
  const pps = [avcC.subarray(ppsAt + 2, ppsAt + 2 + ppsLength)];
  return makeVideoTrack('h264', { vps: [], sps, pps }, timebase);
}
