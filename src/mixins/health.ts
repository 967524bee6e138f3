import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Structured logging, as pino and Moleculer's own loggers do it: fields first, then one sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** @throws Error `deadline of … ms passed` when the promise is late; its own error otherwise. */
export async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`deadline of ${ms} ms passed`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const STOP_DEADLINE_MS = 5_000;

/**
 * What Moleculer may call as `stopped`: runs once, has a deadline and never rejects, since the broker waits for no other
 * service when one rejects.
 */
export function stopOnce(stop: () => unknown, log: Logger, what: string): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await withDeadline(Promise.resolve(stop()), STOP_DEADLINE_MS);
    } catch (error) {
      log.error({ err: error, what }, 'did not stop cleanly');
    }
  };
  return () => (stopping ??= run());
}

/** The node's load, measured since the call before. */
export class LoadMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #cpu = process.cpuUsage();
  #since = performance.now();

  constructor() {
    this.#delay.enable();
  }

  /** `cpu`: cores in use; `eventLoopLagMs`: 99th percentile above the sampling period. */
  read(): { cpu: number; memoryBytes: number; eventLoopLagMs: number } {
    const used = process.cpuUsage(this.#cpu);
    const now = performance.now();
    const cpu = (used.user + used.system) / 1000 / Math.max(1, now - this.#since);
    const lag = Math.max(0, this.#delay.percentile(99) / 1e6 - 10);
    this.#cpu = process.cpuUsage();
    this.#since = now;
    this.#delay.reset();
    return {
      cpu: round(cpu),
      memoryBytes: process.memoryUsage.rss(),
      eventLoopLagMs: round(Number.isFinite(lag) ? lag : 0),
    };
  }

  close(): void {
    this.#delay.disable();
  }
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
