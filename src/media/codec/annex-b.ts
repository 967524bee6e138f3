const START_CODE = Buffer.from([0, 0, 1]);

/** The NAL units of a byte stream (ITU-T H.264 and H.265, annex B), as views of it. */
export function splitAnnexB(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = data.indexOf(START_CODE);
  while (start >= 0) {
    const next = data.indexOf(START_CODE, start + 3);
    let end = next < 0 ? data.length : next;
    while (end > start + 3 && data[end - 1] === 0) end -= 1;
    if (end > start + 3) nals.push(data.subarray(start + 3, end));
    start = next;
  }
  return nals;
}

/** NAL units, each behind its length as a 32-bit number. */
export function lengthPrefixed(nals: readonly Buffer[]): Buffer {
  const made = Buffer.allocUnsafe(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    at = made.writeUInt32BE(nal.length, at);
    at += nal.copy(made, at);
  }
  return made;
}
