import type { VideoTrack } from '../media/types.ts';
import { boxesIn } from './box-walker.ts';
import type { SegmentTrack } from './init-reader.ts';

/** A visual sample entry has this many bytes before its boxes (ISO/IEC 14496-12, 12.1.3). */
const ENTRY_BYTES = 86;

/**
 * The parameters of a recorded video track, for a decoder. Undefined for a sample entry that is neither H.264 nor H.265.
 *
 * @param codecs of the whole file, RFC 6381, comma separated, video first
 */
export function videoTrackOf(
  { entry, timescale }: SegmentTrack,
  codecs: string,
  reorders: boolean,
): VideoTrack | undefined {
  if (entry.length < ENTRY_BYTES) return undefined;
  const common = {
    kind: 'video' as const,
    width: entry.readUInt16BE(32),
    height: entry.readUInt16BE(34),
    reorders,
    timebase: timescale,
    codecString: codecs.split(',')[0] ?? '',
  };
  for (const box of boxesIn(entry, ENTRY_BYTES)) {
    const content = entry.subarray(box.offset + box.headerSize, box.offset + box.size);
    if (box.type === 'avcC') return { ...common, codec: 'h264', vps: [], ...readAvcC(content) };
    if (box.type === 'hvcC') return { ...common, codec: 'h265', ...readHvcC(content) };
  }
  return undefined;
}

/** Takes NAL units behind 16-bit lengths, as many as there are. */
class Sets {
  readonly #data: Buffer;
  #at: number;
  constructor(data: Buffer, at: number) {
    this.#data = data;
    this.#at = at;
  }
  u8(): number {
    this.#at += 1;
    return this.#data[this.#at - 1] ?? 0;
  }
  u16(): number {
    return this.u8() * 256 + this.u8();
  }
  nals(count: number): Buffer[] {
    return Array.from({ length: count }, () => {
      const length = this.u16();
      this.#at += length;
      return this.#data.subarray(this.#at - length, this.#at);
    });
  }
}

/** ISO/IEC 14496-15, 5.3.3. */
function readAvcC(content: Buffer): Pick<VideoTrack, 'sps' | 'pps'> {
  const sets = new Sets(content, 5);
  const sps = sets.nals(sets.u8() & 31);
  return { sps, pps: sets.nals(sets.u8()) };
}

/** ISO/IEC 14496-15, 8.3.3. */
function readHvcC(content: Buffer): Pick<VideoTrack, 'vps' | 'sps' | 'pps'> {
  const found = new Map<number, Buffer[]>();
  const sets = new Sets(content, 22);
  for (let arrays = sets.u8(); arrays > 0; arrays -= 1) {
    const type = sets.u8() & 63;
    found.set(type, sets.nals(sets.u16()));
  }
  return { vps: found.get(32) ?? [], sps: found.get(33) ?? [], pps: found.get(34) ?? [] };
}
