import type { Clock } from '../../timeline.ts';
import type { Source } from '../../types.ts';
import type { SourceKind, SourceRequest } from '../base.ts';
import { parseTestAddress } from './address.ts';
import { TestPool } from './pool.ts';
import { TestSource } from './source.ts';

/** `test://`: cameras that the program draws itself. */
export class TestKind implements SourceKind {
  readonly #pool = new TestPool();

  /** Process id of the worker that draws, when there is one. */
  get workerPid(): number | undefined {
    return this.#pool.pid;
  }

  make(request: SourceRequest, clock: Clock): Source {
    return new TestSource(parseTestAddress(request.url), this.#pool, clock, request.onState);
  }

  close(): void {
    this.#pool.close();
  }
}
