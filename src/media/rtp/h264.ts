/** RTP payloads for H.264 (RFC 6184, packetization-mode 1). */

const NAL_IDR = 5;
const NAL_STAP_A = 24;
const NAL_FU_A = 28;
/** SEI, access unit delimiter, end of sequence, end of stream, filler: nothing a live viewer needs. */
const PASSED_OVER = new Set([6, 9, 10, 11, 12]);
/** NAL units a parameter set may come in; they are sent from the track, not from the data. */
const PARAMETER_SETS = new Set([7, 8]);

export interface H264ParameterSets {
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
}

/** The NAL units of a length-prefixed access unit. A length that overruns the data ends it. */
export function* nalUnits(data: Buffer): Generator<Buffer> {
  let offset = 0;
  while (offset + 4 <= data.length) {
    const length = data.readUInt32BE(offset);
    const end = offset + 4 + length;
    if (end > data.length) return;
    if (length > 0) yield data.subarray(offset + 4, end);
    offset = end;
  }
}

/**
 * The RTP payloads of one access unit in order; the last one carries the marker bit. Before an IDR picture comes one
 * STAP-A with the parameter sets, because receivers that join, and mediasoup, take the SPS for the beginning of a
 * key frame. Payloads are views of `data` where a NAL unit fits into one packet.
 *
 * @param maxPayload bytes, at least 100
 */
export function packetizeH264(data: Buffer, sets: H264ParameterSets, maxPayload = 1_200): Buffer[] {
  const payloads: Buffer[] = [];
  let key = false;
  for (const nal of nalUnits(data)) {
    const type = (nal[0] ?? 0) & 0x1f;
    if (PASSED_OVER.has(type) || PARAMETER_SETS.has(type)) continue;
    key ||= type === NAL_IDR;
    if (nal.length <= maxPayload) payloads.push(nal);
    else fragment(nal, maxPayload, payloads);
  }
  if (key) payloads.unshift(...parameterSetPayloads(sets, maxPayload));
  return payloads;
}

function parameterSetPayloads(sets: H264ParameterSets, maxPayload: number): Buffer[] {
  const nals = [...sets.sps, ...sets.pps];
  if (nals.length === 0) return [];
  const size = nals.reduce((sum, nal) => sum + 2 + nal.length, 1);
  return size <= maxPayload && size <= 0xffff ? [aggregate(nals, size)] : nals;
}

/** RFC 6184 section 5.7.1. The NRI of the aggregate is the highest of its parts. */
function aggregate(nals: readonly Buffer[], size: number): Buffer {
  const payload = Buffer.allocUnsafe(size);
  let nri = 0;
  let offset = 1;
  for (const nal of nals) {
    nri = Math.max(nri, (nal[0] ?? 0) & 0x60);
    offset = payload.writeUInt16BE(nal.length, offset);
    offset += nal.copy(payload, offset);
  }
  payload[0] = nri | NAL_STAP_A;
  return payload;
}

/** RFC 6184 section 5.8: pieces of nearly equal size, so that none is a tiny packet. */
function fragment(nal: Buffer, maxPayload: number, into: Buffer[]): void {
  const head = nal[0] ?? 0;
  const count = Math.ceil((nal.length - 1) / (maxPayload - 2));
  const size = Math.ceil((nal.length - 1) / count);
  for (let start = 1; start < nal.length; start += size) {
    const end = Math.min(nal.length, start + size);
    const payload = Buffer.allocUnsafe(2 + end - start);
    payload[0] = (head & 0xe0) | NAL_FU_A;
    payload[1] = (head & 0x1f) | (start === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    nal.copy(payload, 2, start, end);
    into.push(payload);
  }
}
