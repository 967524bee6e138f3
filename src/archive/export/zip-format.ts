/** PKWARE's APPNOTE.TXT 6.3.10: sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16, 4.5.3. */
export const LOCAL = 0x0403_4b50;
export const CENTRAL = 0x0201_4b50;
export const END = 0x0605_4b50;
export const END64 = 0x0606_4b50;
export const LOCATOR64 = 0x0706_4b50;
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END64_BYTES = 56;
export const LOCATOR64_BYTES = 20;
export const ZIP64_EXTRA = 0x0001;
export const MAX32 = 0xffff_ffff;
export const MAX16 = 0xffff;

export interface ZipEntry {
  readonly name: string;
  readonly crc: number;
  readonly bytes: number;
  /** Where its local header stands. */
  readonly offset: number;
}
