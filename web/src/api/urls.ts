import { API, withQuery } from './client.ts';

const camera = (id: string): string => `${API}/cameras/${encodeURIComponent(id)}`;
const event = (id: string): string => `${API}/events/${encodeURIComponent(id)}`;

export const snapshotUrl = (id: string, query: { at?: string; height?: number } = {}): string =>
  withQuery(`${camera(id)}/snapshot.jpg`, query);

export const playbackUrl = (id: string, from: string, to: string, download?: string): string =>
  withQuery(`${camera(id)}/playback.mp4`, { from, to, download });

export const mseUrl = (id: string, stream: string): string => {
  const url = new URL(withQuery(`${camera(id)}/mse`, { stream }), window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
};

export const eventSnapshotUrl = (id: string): string => `${event(id)}/snapshot.jpg`;
export const eventClipUrl = (id: string): string => `${event(id)}/clip.mp4`;
