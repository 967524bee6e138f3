import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks again and again until there is an answer, every 50 ms or `everyMs`.
 * @throws Error that says what was waited for and what was seen last, when the deadline has passed.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { deadlineMs = 20_000, everyMs = 50 } = {},
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${String(deadlineMs)} ms in vain for ${what} (last: ${seen})`, { cause: last });
    }
    await delay(everyMs);
  }
}
