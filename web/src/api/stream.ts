import type { EventName, Events } from '../../../src/contracts/events.ts';
import { API } from './client.ts';

type Listener = (payload: never) => void;

const TYPES: readonly EventName[] = [
  'camera.changed',
  'camera.state',
  'event.new',
  'event.update',
  'event.end',
  'recording.gap',
  'storage.state',
  'node.degraded',
];

const listeners = new Map<EventName, Set<Listener>>();
let source: EventSource | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let reopenMs = 1000;
let onState: (connected: boolean) => void = () => undefined;

/** Hears what happens, while the stream is open. Returns the function that stops it. */
export function onStream<E extends EventName>(type: E, listener: (payload: Events[E]) => void): () => void {
  const set = listeners.get(type) ?? new Set();
  listeners.set(type, set);
  set.add(listener);
  return () => {
    set.delete(listener);
  };
}

/** Opens `GET /stream` and keeps it open; `connected` tells about the line. Returns the function that closes it. */
export function openStream(connected: (up: boolean) => void): () => void {
  onState = connected;
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
    source = null;
    onState = () => undefined;
  };
}

function connect(): void {
  source?.close();
  const opened = new EventSource(`${API}/stream`, { withCredentials: true });
  source = opened;
  opened.onopen = () => {
    reopenMs = 1000;
    onState(true);
  };
  opened.onerror = () => {
    onState(false);
    // A refused stream is closed for good by the browser; a broken one is opened again by itself.
    if (opened.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    timer = setTimeout(connect, reopenMs);
    reopenMs = Math.min(30_000, reopenMs * 2);
  };
  for (const type of TYPES) {
    opened.addEventListener(type, (message: MessageEvent<string>) => {
      const payload = JSON.parse(message.data) as never;
      for (const listener of listeners.get(type) ?? []) listener(payload);
    });
  }
}
