/** Numbers from 0 up to 1 that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A copy with a few bytes changed, removed, doubled or made up. */
export function mutate(data: Buffer, random: () => number): Buffer {
  let made = Buffer.from(data);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 1 + below(4); round > 0 && made.length > 0; round -= 1) {
    const at = below(made.length);
    const length = 1 + below(Math.min(40, made.length - at));
    switch (below(6)) {
      case 0:
        made[at] = below(256);
        break;
      case 1:
        made[at] = (made[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        made = Buffer.concat([made.subarray(0, at), made.subarray(at + length)]);
        break;
      case 3:
        made = Buffer.concat([made.subarray(0, at + length), made.subarray(at)]);
        break;
      case 4:
        made = Buffer.concat([
          made.subarray(0, at),
          Buffer.from(Array.from({ length }, () => below(256))),
          made.subarray(at),
        ]);
        break;
      default:
        made = made.subarray(0, at);
    }
  }
  return made;
}
