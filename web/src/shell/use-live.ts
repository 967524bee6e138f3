import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { applyEvent } from '../api/event-cache.ts';
import { KEYS } from '../api/queries.ts';
import { onStream, openStream } from '../api/stream.ts';

/** Keeps what is on the screen true to what the server says; false while the line is down. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const refresh = (...key: readonly unknown[]): void => {
      queries.invalidateQueries({ queryKey: key }).catch(() => undefined);
    };
    let wasDown = false;
    const stops = [
      onStream('camera.changed', ({ camera }) => {
        refresh(...KEYS.cameras);
        refresh(...KEYS.status(camera));
      }),
      onStream('camera.state', ({ camera }) => refresh(...KEYS.status(camera))),
      onStream('event.new', ({ event }) => applyEvent(queries, event)),
      onStream('event.update', ({ event }) => applyEvent(queries, event)),
      onStream('event.end', ({ event }) => applyEvent(queries, event)),
      onStream('recording.gap', ({ camera }) => refresh(...KEYS.recordings(camera))),
      onStream('storage.state', () => refresh(...KEYS.volumes)),
      onStream('node.degraded', () => refresh(...KEYS.nodes)),
      openStream((up) => {
        setConnected(up);
        // What was missed while the line was down is read again.
        if (up && wasDown) queries.invalidateQueries().catch(() => undefined);
        wasDown = !up;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [queries]);
  return connected;
}
