import type { VolumeSpace } from './volume.ts';

/** How much room a volume has, and how much of it must stay free. */
export interface Room extends VolumeSpace {
  /** Below this, old recordings are removed… */
  readonly minFreeBytes: number;
  /** …until this much is free. */
  readonly targetFreeBytes: number;
  /** Below this nothing more is written: what is open needs the rest. */
  readonly floorBytes: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** @param keepFree bytes; null takes 2 GiB, on small volumes a tenth */
export function roomOf(space: VolumeSpace, keepFree: number | null): Room {
  const { totalBytes } = space;
  const floorBytes = Math.min(16 * MIB, Math.floor(totalBytes / 50));
  const wanted = keepFree ?? Math.min(2 * GIB, Math.floor(totalBytes / 10));
  const minFreeBytes = Math.max(wanted, 2 * floorBytes);
  const more = Math.min(GIB, Math.max(8 * MIB, Math.floor(totalBytes / 100)));
  return { ...space, minFreeBytes, targetFreeBytes: minFreeBytes + more, floorBytes };
}

export const isShort = (room: Room): boolean => room.freeBytes < room.minFreeBytes;

/**
 * Why nothing can be written for lack of room, for a person; null when something can.
 *
 * @param state.exhausted removing old recordings has freed all that it can
 * @param state.wasFull a full volume is used again only when it has some room to go on with
 */
export function fullMessage(
  room: Room,
  state: { readonly exhausted: boolean; readonly wasFull: boolean },
): string | null {
  const free = sizeText(room.freeBytes);
  if (room.freeBytes < room.floorBytes) return `Only ${free} are free.`;
  const enough = state.wasFull ? room.targetFreeBytes : room.minFreeBytes;
  if (!state.exhausted || room.freeBytes >= enough) return null;
  const keep = sizeText(room.minFreeBytes);
  return `${free} are free, ${keep} stay free (archive.keepFree), and no older recording is left to remove.`;
}

/** `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** step;
  return `${value >= 100 || step === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[step] ?? 'B'}`;
}
