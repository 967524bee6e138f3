/** Runs tasks one after the other: the handlers of one Moleculer service interleave at every await, these do not. */
export class Mailbox {
  #tail: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the task does; a failing task does not stop the ones behind it. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const mine = this.#tail.then(task);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}
