import { queryOptions } from '@tanstack/react-query';
import type { Camera, EventRecord } from '../../../src/contracts/entities.ts';
import { call } from './client.ts';

export const KEYS = {
  cameras: ['cameras'],
  status: (id: string) => ['status', id],
  eventList: ['events', 'list'],
  event: (id: string) => ['events', 'one', id],
  cameraEvents: (camera: string) => ['events', 'camera', camera],
  recordings: (camera: string) => ['recordings', camera],
  volumes: ['volumes'],
  nodes: ['nodes'],
  users: ['users'],
  audit: ['audit'],
  coverage: ['coverage'],
  placement: ['placement'],
} as const;

export const camerasQuery = queryOptions({
  queryKey: KEYS.cameras,
  queryFn: async ({ signal }): Promise<Camera[]> => {
    const { items } = await call('listCameras', {}, signal);
    return [...items].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  },
  staleTime: 30_000,
});

export const statusQuery = (id: string) =>
  queryOptions({
    queryKey: KEYS.status(id),
    queryFn: ({ signal }) => call('cameraStatus', { id }, signal),
    refetchInterval: 5000,
  });

/** What was recorded of a camera between two moments; read again while the end is not long ago. */
export const recordingsQuery = (camera: string, from: number, to: number) =>
  queryOptions({
    queryKey: [...KEYS.recordings(camera), from, to],
    queryFn: ({ signal }) => call('recordings', { camera, from: iso(from), to: iso(to) }, signal),
    refetchInterval: to > Date.now() - 60_000 ? 10_000 : false,
    placeholderData: (before) => (before?.camera === camera ? before : undefined),
  });

/** The events of a camera in a range, newest first, up to some thousands. */
export const cameraEventsQuery = (camera: string, from: number, to: number) =>
  queryOptions({
    queryKey: [...KEYS.cameraEvents(camera), from, to],
    queryFn: async ({ signal }) => {
      const items: EventRecord[] = [];
      let cursor: string | undefined;
      do {
        const more = cursor === undefined ? {} : { cursor };
        const page = await call(
          'listEvents',
          { camera: [camera], from: iso(from), to: iso(to), limit: 500, ...more },
          signal,
        );
        items.push(...page.items);
        cursor = page.next;
      } while (cursor !== undefined && items.length < 3000);
      return { camera, from, to, items };
    },
    refetchInterval: to > Date.now() - 60_000 ? 20_000 : false,
    placeholderData: (before) => (before?.camera === camera ? before : undefined),
  });

export const iso = (time: number): string => new Date(time).toISOString();
