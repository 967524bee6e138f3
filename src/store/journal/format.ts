import { crc32 } from 'node:zlib';
import type { JournalEntry } from '../types.ts';

/** One entry with its number in the journal of its node. Numbers rise, with holes where a disk refused a write. */
export interface JournalLine {
  readonly sequence: number;
  readonly entry: JournalEntry;
}

const NEWLINE = 0x0a;
const CRC_DIGITS = 8;

const checksum = (body: Buffer | string): string => crc32(body).toString(16).padStart(CRC_DIGITS, '0');

/** `<CRC-32 of the rest, hex> <sequence> <JSON>\n` */
export function encodeLine({ sequence, entry }: JournalLine): string {
  const body = `${String(sequence)} ${JSON.stringify(entry)}`;
  return `${checksum(body)} ${body}\n`;
}

export interface ParsedLines {
  readonly lines: JournalLine[];
  /** Bytes up to the end of the last whole line. */
  readonly consumed: number;
  /** Whole lines that were passed over since they are not what was written. */
  readonly damaged: number;
}

/** The whole lines at the beginning of `data`. What follows the last newline is left for later. */
export function parseLines(data: Buffer): ParsedLines {
  const lines: JournalLine[] = [];
  let consumed = 0;
  let damaged = 0;
  for (;;) {
    const end = data.indexOf(NEWLINE, consumed);
    if (end < 0) return { lines, consumed, damaged };
    const line = parseLine(data.subarray(consumed, end));
    if (line === undefined) damaged += 1;
    else lines.push(line);
    consumed = end + 1;
  }
}

function parseLine(line: Buffer): JournalLine | undefined {
  const body = line.subarray(CRC_DIGITS + 1);
  if (line.length <= CRC_DIGITS || line.toString('latin1', 0, CRC_DIGITS) !== checksum(body))
    return undefined;
  const text = body.toString('utf8');
  const space = text.indexOf(' ');
  return {
    sequence: Number(text.slice(0, space)),
    entry: JSON.parse(text.slice(space + 1)) as JournalEntry,
  };
}

const NAME = /^\d{16}\.log$/;

export const fileName = (firstSequence: number): string => `${String(firstSequence).padStart(16, '0')}.log`;
export const isJournalFile = (name: string): boolean => NAME.test(name);
