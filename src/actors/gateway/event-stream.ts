import type { ServerResponse } from 'node:http';
import { SightmeshError } from '../../contracts/errors.ts';
import { EVENT_NAMES, type EventName, type Events } from '../../contracts/events.ts';
import { type Caller, maySee, mayUse } from '../../contracts/rights.ts';
import type { Login } from './access.ts';
import type { LoginWatch, LongLived } from './watch.ts';

/** Bytes that may wait for a slow caller before it is dropped; it connects again by itself. */
const MAX_WAITING = 2 ** 20;
const COMMENT_EVERY_MS = 15_000;

/** Whether a caller may hear of it. */
export function mayHear<E extends EventName>(caller: Caller, name: E, payload: Events[E]): boolean {
  if (name === 'storage.state' || name === 'node.degraded') return mayUse(caller, 'system.view');
  if (name.startsWith('event.') && !mayUse(caller, 'events.view')) return false;
  return maySee(caller, cameraOf(payload));
}

function cameraOf(payload: Events[EventName]): string {
  if ('event' in payload) return payload.event.camera;
  return 'camera' in payload ? payload.camera : '';
}

/** The `types` of a request; all when there are none. @throws SightmeshError `bad_request` for an unknown one */
export function wantedTypes(types: string | undefined): ReadonlySet<EventName> {
  if (types === undefined || types === '') return new Set(EVENT_NAMES);
  const names = types.split(',').map((name) => name.trim());
  for (const name of names) {
    if (EVENT_NAMES.some((known) => known === name)) continue;
    const message = `${name} is none of ${EVENT_NAMES.join(', ')}`;
    throw new SightmeshError('bad_request', `types: ${message}`, { errors: [{ path: 'types', message }] });
  }
  return new Set(EVENT_NAMES.filter((name) => names.includes(name)));
}

interface Listener extends LongLived {
  readonly types: ReadonlySet<EventName>;
  readonly response: ServerResponse;
}

/** Server-sent events: one text per event, made once, for every listener that may hear of it. */
export class EventStream {
  readonly #listeners = new Set<Listener>();
  readonly #watch: LoginWatch;
  readonly #timer: NodeJS.Timeout;

  constructor(watch: LoginWatch) {
    this.#watch = watch;
    this.#timer = setInterval(() => {
      for (const listener of this.#listeners) write(listener, ':\n\n');
    }, COMMENT_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Answers with events until the caller goes away or its login ends. */
  open(response: ServerResponse, login: Login, types: ReadonlySet<EventName>): void {
    const listener: Listener = {
      login,
      types,
      response,
      allowed: () => true,
      end: () => void response.end(),
    };
    this.#listeners.add(listener);
    const unwatch = this.#watch.add(listener);
    response.once('close', () => {
      this.#listeners.delete(listener);
      unwatch();
    });
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    write(listener, 'retry: 2000\n\n');
  }

  publish<E extends EventName>(name: E, payload: Events[E]): void {
    let text: string | undefined;
    for (const listener of this.#listeners) {
      if (!listener.types.has(name) || !mayHear(listener.login.caller, name, payload)) continue;
      text ??= `event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`;
      write(listener, text);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { response } of this.#listeners) response.end();
  }
}

function write({ response }: Listener, text: string): void {
  if (response.writableLength > MAX_WAITING) response.destroy();
  else if (!response.writableEnded) response.write(text);
}
