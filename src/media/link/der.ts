/** Writes DER (ITU-T X.690), as much of it as a certificate needs. Every function returns a whole element. */

const element = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
};

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  if (length < 0x1_0000) return Buffer.from([0x82, length >> 8, length & 0xff]);
  throw new RangeError('longer than any certificate');
}

export const sequence = (...elements: readonly Buffer[]): Buffer => element(0x30, ...elements);
export const set = (...elements: readonly Buffer[]): Buffer => element(0x31, ...elements);
export const octets = (content: Buffer): Buffer => element(0x04, content);
export const text = (content: string): Buffer => element(0x0c, Buffer.from(content, 'utf8'));
export const yes: Buffer = element(0x01, Buffer.from([0xff]));

/** @param unused how many of the last bits do not count */
export const bits = (content: Buffer, unused = 0): Buffer => element(0x03, Buffer.from([unused]), content);

/** A whole number from its bytes, the highest first; never negative. */
export const integer = (content: Buffer): Buffer =>
  element(0x02, (content[0] ?? 0) < 0x80 ? content : Buffer.concat([Buffer.from([0]), content]));

/** `[number]` around whole elements. */
export const tagged = (number: number, ...elements: readonly Buffer[]): Buffer =>
  element(0xa0 | number, ...elements);

/** `[number]` instead of the tag of a plain value. */
export const implicit = (number: number, content: Buffer): Buffer => element(0x80 | number, content);

/** @param dotted e.g. `2.5.4.3` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return element(0x06, Buffer.from(bytes));
}

/** Whole seconds; the form depends on the year (RFC 5280, 4.1.2.5). */
export function time(milliseconds: number): Buffer {
  const digits = `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}
