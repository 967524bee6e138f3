import { BitReader, unescape } from '../../codec/bits.ts';
import { H264 } from '../../codec/h264.ts';
import { H265, h265NalType } from '../../codec/h265.ts';
import { isComplete, type ParameterSets } from '../../codec/tracks.ts';
import type { VideoCodec } from '../../types.ts';
import { AccessUnitWriter } from './access-unit.ts';
import { type NalPayload, nalPayload } from './nal-payload.ts';

export interface VideoHandler {
  /** Before the first access unit that needs them, and again before the key frame from which others hold. */
  parameterSets(sets: ParameterSets): void;
  accessUnit(data: Buffer, key: boolean, timestamp: number, damagedBefore: boolean): void;
  malformed(): void;
}

type NalKind = 'picture' | 'key' | 'vps' | 'sps' | 'pps' | 'other' | 'drop';
type SetKind = 'vps' | 'sps' | 'pps';

/** Puts RTP payloads of H.264 or H.265 together to access units. Damaged ones are left out. */
export class VideoAssembler {
  readonly #codec: VideoCodec;
  readonly #payload: NalPayload;
  readonly #handler: VideoHandler;
  readonly #unit = new AccessUnitWriter();
  #timestamp = -1;
  /** The timestamp of the unit that its marker ended: what still comes with it is not part of anything. */
  #finished = -1;
  #pictures = 0;
  #key = false;
  #damaged = false;
  #missingBefore = false;
  /** Packets before this unit are lost: it is only whole when it starts with the first slice of a picture. */
  #headInDoubt = false;
  #sets: ParameterSets;
  #announced = false;
  #fresh: Record<SetKind, Buffer[]> = { vps: [], sps: [], pps: [] };

  /** @param sets from the session description; may be empty */
  constructor(codec: VideoCodec, sets: ParameterSets, handler: VideoHandler) {
    this.#codec = codec;
    this.#payload = nalPayload(codec);
    this.#sets = sets;
    this.#handler = handler;
  }

  push(data: Buffer, start: number, end: number, timestamp: number, marker: boolean, gap: boolean): void {
    if (gap) this.#onGap();
    if (timestamp !== this.#timestamp) {
      if (timestamp === this.#finished && !gap) {
        this.#handler.malformed();
        return;
      }
      this.#finish(gap);
      this.#timestamp = timestamp;
      this.#headInDoubt = gap;
    }
    this.#read(data, start, end);
    if (marker && (this.#pictures > 0 || this.#damaged)) {
      this.#finish(false);
      this.#finished = timestamp;
      this.#timestamp = -1;
    }
  }

  #onGap(): void {
    this.#missingBefore = true;
    this.#damaged = true;
    this.#unit.dropNal();
  }

  #read(data: Buffer, start: number, end: number): void {
    try {
      if (!this.#payload(data, start, end, this)) this.#damage();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#damage();
    }
  }

  #damage(): void {
    this.#handler.malformed();
    this.#damaged = true;
    this.#unit.dropNal();
  }

  nal(data: Buffer, start: number, end: number): void {
    if (this.#unit.inNal) this.#damage();
    this.#unit.beginNal();
    this.#unit.append(data, start, end);
    this.end();
  }

  begin(header: readonly number[]): void {
    if (this.#unit.inNal) this.#damage();
    this.#unit.beginNal();
    for (const byte of header) this.#unit.appendByte(byte);
  }

  piece(data: Buffer, start: number, end: number): void {
    if (this.#unit.inNal) this.#unit.append(data, start, end);
    else this.#damaged = true;
  }

  end(): void {
    if (!this.#unit.inNal) return;
    const nal = this.#unit.endNal();
    const kind = this.#codec === 'h264' ? h264Kind(nal) : h265Kind(nal);
    if (kind === 'picture' || kind === 'key') {
      if (this.#headInDoubt && this.#pictures === 0 && !startsPicture(this.#codec, nal)) this.#damaged = true;
      this.#pictures += 1;
      if (kind === 'key') this.#key = true;
      this.#unit.keepNal();
    } else if (kind === 'other') {
      this.#unit.keepNal();
    } else {
      if (kind !== 'drop') this.#keepSet(kind, nal);
      this.#unit.dropNal();
    }
  }

  #keepSet(kind: SetKind, nal: Buffer): void {
    const list = this.#fresh[kind];
    if (list.length < 32 && nal.length < 4_096 && !list.some((known) => known.equals(nal)))
      list.push(Buffer.from(nal));
  }

  /** Hands the unit out when it is whole. @param tailMissing its last packets may be among the lost ones */
  #finish(tailMissing: boolean): void {
    const unfinished = this.#unit.inNal;
    if (this.#pictures === 0 && !this.#damaged) {
      this.#unit.dropNal();
      return;
    }
    const whole = !this.#damaged && !unfinished && !tailMissing;
    if (whole) this.#emit();
    else {
      this.#unit.reset();
      this.#missingBefore = true;
    }
    this.#pictures = 0;
    this.#key = false;
    this.#damaged = false;
  }

  #emit(): void {
    if (this.#key) this.#applySets();
    if (!this.#announced && isComplete(this.#codec, this.#sets)) this.#announce();
    const data = this.#unit.finish();
    if (!this.#announced) return;
    this.#handler.accessUnit(data, this.#key, this.#timestamp, this.#missingBefore);
    this.#missingBefore = false;
  }

  #applySets(): void {
    const fresh = this.#fresh;
    this.#fresh = { vps: [], sps: [], pps: [] };
    const next = mergeSets(this.#sets, fresh);
    if (next === this.#sets) return;
    this.#sets = next;
    if (isComplete(this.#codec, next)) this.#announce();
  }

  #announce(): void {
    this.#announced = true;
    this.#handler.parameterSets(this.#sets);
  }
}

/** Another SPS replaces all that it comes with; a PPS alone joins or replaces the one with its number. */
function mergeSets(old: ParameterSets, fresh: Record<SetKind, Buffer[]>): ParameterSets {
  const newSps = fresh.sps.some((nal) => !old.sps.some((known) => known.equals(nal)));
  if (newSps) {
    return {
      vps: fresh.vps.length > 0 ? fresh.vps : old.vps,
      sps: fresh.sps,
      pps: fresh.pps.length > 0 ? fresh.pps : old.pps,
    };
  }
  const newPps = fresh.pps.filter((nal) => !old.pps.some((known) => known.equals(nal)));
  const newVps = fresh.vps.some((nal) => !old.vps.some((known) => known.equals(nal)));
  if (newPps.length === 0 && !newVps) return old;
  const numbers = new Set(newPps.map(ppsNumber));
  return {
    vps: newVps ? fresh.vps : old.vps,
    sps: old.sps,
    pps: [...old.pps.filter((nal) => !numbers.has(ppsNumber(nal))), ...newPps],
  };
}

/** pic_parameter_set_id; both codecs have it first. */
function ppsNumber(nal: Buffer): number {
  const headerBytes = (nal.readUInt8(0) & 31) === H264.pps ? 1 : 2;
  try {
    return new BitReader(unescape(nal.subarray(headerBytes, headerBytes + 8))).ue();
  } catch {
    return -1;
  }
}

/** first_mb_in_slice is 0, or first_slice_segment_in_pic_flag is set: either way the first bit behind the header. */
function startsPicture(codec: VideoCodec, nal: Buffer): boolean {
  return (nal[codec === 'h264' ? 1 : 2] ?? 0) > 127;
}

function h264Kind(nal: Buffer): NalKind {
  const type = nal.length > 1 ? (nal[0] ?? 0) & 31 : H264.filler;
  switch (type) {
    case H264.idr:
      return 'key';
    case H264.sps:
      return 'sps';
    case H264.pps:
      return 'pps';
    case H264.aud:
    case H264.filler:
    case 10:
    case 11:
      return 'drop';
    default:
      return type >= 1 && type <= 4 ? 'picture' : 'other';
  }
}

function h265Kind(nal: Buffer): NalKind {
  const type = nal.length > 2 ? h265NalType(nal[0] ?? 0) : H265.filler;
  if (type >= H265.irapFirst && type <= H265.irapLast) return 'key';
  if (type < 32) return 'picture';
  switch (type) {
    case H265.vps:
      return 'vps';
    case H265.sps:
      return 'sps';
    case H265.pps:
      return 'pps';
    case H265.aud:
    case 36:
    case 37:
    case H265.filler:
      return 'drop';
    default:
      return 'other';
  }
}
