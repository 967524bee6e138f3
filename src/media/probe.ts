import type { ProbeResult } from '../contracts/entities.ts';
import { describeFindings, type Findings } from './probe-report.ts';
import type { SourceRequest } from './source/base.ts';
import type { Sources } from './source/index.ts';
import { type Source, SourceError, type SourcePacket, type Track } from './types.ts';

export interface ProbeRequest {
  readonly url: string;
  readonly username?: string | null;
  readonly password?: string | null;
}

/** Milliseconds that are spent on reading, once the camera has begun to play. */
const READ_MS = 6_000;
const DEADLINE_MS = 15_000;

/**
 * Tries an address: connects, reads up to the second key frame, and says in words what is there and what is wrong.
 * Never throws; the answer holds no credentials.
 *
 * @param deadlineMs for all of it
 */
export async function probeAddress(
  request: ProbeRequest,
  sources: Pick<Sources, 'make'>,
  deadlineMs = DEADLINE_MS,
): Promise<ProbeResult> {
  const visit = new Visit();
  let error: SourceError | undefined;
  try {
    await visit.run(sources, request, deadlineMs);
  } catch (caught) {
    error =
      caught instanceof SourceError
        ? caught
        : new SourceError('protocol', 'The conversation with the camera failed unexpectedly.', {
            cause: caught,
          });
  }
  return describeFindings(visit.findings, error);
}

/** One connection to a camera, and what was seen of it. */
class Visit {
  readonly #begun = performance.now();
  #source: Source | undefined;
  #reading: NodeJS.Timeout | undefined;
  #tracks: readonly Track[] = [];
  #notes: readonly string[] = [];
  #describedMs: number | null = null;
  #keyMs: number | null = null;
  #first: SourcePacket | undefined;
  #last: SourcePacket | undefined;
  #keys: number[] = [];
  #pictures = 0;
  #bytes = 0;
  #readMs = 0;
  #readSince = 0;

  get findings(): Findings {
    return {
      describedMs: this.#describedMs,
      firstKeyFrameMs: this.#keyMs,
      tracks: this.#tracks,
      notes: this.#notes,
      pictures: this.#pictures,
      bytes: this.#bytes,
      spanMs: this.#first === undefined || this.#last === undefined ? 0 : this.#last.time - this.#first.time,
      keyTimes: this.#keys,
      readMs: this.#readMs,
    };
  }

  /** @throws SourceError unless it ended because enough was seen */
  async run(sources: Pick<Sources, 'make'>, request: ProbeRequest, deadlineMs: number): Promise<void> {
    const source = sources.make(this.#request(request, deadlineMs));
    this.#source = source;
    const deadline = setTimeout(() => {
      source.close();
    }, deadlineMs);
    try {
      await source.run({
        header: (header) => {
          this.#tracks = header.tracks;
        },
        packet: (packet) => {
          this.#packet(packet);
        },
      });
    } finally {
      clearTimeout(deadline);
      clearTimeout(this.#reading);
      if (this.#readSince > 0) this.#readMs = performance.now() - this.#readSince;
      source.close();
    }
  }

  #request({ url, username, password }: ProbeRequest, deadlineMs: number): SourceRequest {
    return {
      url,
      username: username ?? null,
      password: password ?? null,
      openTimeoutMs: Math.max(1_000, deadlineMs - READ_MS),
      onState: (state) => {
        if (state !== 'starting') return;
        this.#describedMs = this.#elapsed();
        this.#readSince = performance.now();
        this.#reading = setTimeout(() => this.#source?.close(), READ_MS);
      },
      onNotes: (notes) => {
        this.#notes = notes;
      },
    };
  }

  #packet(packet: SourcePacket): void {
    if (packet.kind !== 'video') {
      this.#bytes += packet.data.length;
      return;
    }
    if (packet.key) {
      this.#keyMs ??= this.#elapsed();
      this.#keys.push(packet.time);
      if (this.#keys.length === 2) {
        this.#last = packet;
        this.#source?.close();
        return;
      }
    }
    this.#first ??= packet;
    this.#last = packet;
    this.#bytes += packet.data.length;
    this.#pictures += 1;
  }

  #elapsed(): number {
    return Math.round(performance.now() - this.#begun);
  }
}
