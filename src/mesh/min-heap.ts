interface Entry<T> {
  readonly item: T;
  key: number;
}

/** A binary heap whose keys may have risen since they were pushed. */
export class MinHeap<T> {
  readonly #entries: Entry<T>[] = [];
  readonly #tie: (a: T, b: T) => number;

  /** `tie` orders items with equal keys. */
  constructor(tie: (a: T, b: T) => number) {
    this.#tie = tie;
  }

  push(item: T, key: number): void {
    const entries = this.#entries;
    let at = entries.push({ item, key }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The item with the least key of now. */
  pop(keyNow: (item: T) => number): T | undefined {
    for (;;) {
      const [top] = this.#entries;
      if (top === undefined) return undefined;
      const key = keyNow(top.item);
      if (key > top.key) {
        top.key = key;
        this.#sink();
        continue;
      }
      const last = this.#entries.pop();
      if (last !== undefined && last !== top) {
        this.#entries[0] = last;
        this.#sink();
      }
      return top.item;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#entries.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, two] = [this.#entries[a], this.#entries[b]];
    if (one === undefined || two === undefined) return false;
    return one.key === two.key ? this.#tie(one.item, two.item) < 0 : one.key < two.key;
  }

  #swap(a: number, b: number): void {
    const [one, two] = [this.#entries[a], this.#entries[b]];
    if (one === undefined || two === undefined) return;
    this.#entries[a] = two;
    this.#entries[b] = one;
  }
}
