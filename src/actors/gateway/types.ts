import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Context } from 'moleculer';
import type { WebSocket } from 'ws';
import type { Config } from '../../../config/schema.ts';
import type { CallMeta } from '../../contracts/define.ts';
import type { EventRecord, StreamName } from '../../contracts/entities.ts';
import type { Export } from '../../contracts/jobs.ts';
import type { Logger } from '../../mixins/health.ts';
import type { Journal } from '../../store/types.ts';

/** Media that goes to the caller as it is made. */
export interface MediaBody {
  readonly stream: Readable;
  readonly contentType: string;
  /** Whole length when it is known before; makes ranges possible. */
  readonly bytes?: number;
  /** Then any part of it, both ends included, without reading what lies before. */
  readonly slice?: (range: { readonly start: number; readonly end: number }) => Readable;
}

/** Where the gateway gets media from; wherever it lies, the gateway does not know. All throw SightmeshError. */
export interface MediaBackend {
  /** Newest picture, or the recorded one at `at` (RFC 3339). `height` in pixels. */
  snapshot(
    camera: string,
    options: { at?: string; height?: number },
  ): Promise<{ jpeg: Buffer; time: string | null }>;
  playbackMp4(camera: string, from: string, to: string): Promise<MediaBody>;
  /** A playlist whose addresses are relative to its own: `playback/<segment>/init.mp4`, `playback/<segment>/media.m4s`. */
  playbackHls(camera: string, from: string, to: string): Promise<string>;
  hlsInit(camera: string, segment: string): Promise<Buffer>;
  hlsMedia(camera: string, segment: string, range: { from?: string; to?: string }): Promise<MediaBody>;
  eventSnapshot(event: EventRecord): Promise<Buffer>;
  /** The file of a finished export. */
  exportFile(finished: Export): Promise<MediaBody>;
  /** Serves an accepted socket until it closes; resolves when it is set up. */
  mse(camera: string, stream: StreamName, socket: WebSocket): Promise<void>;
}

export interface GatewayOptions {
  readonly config: Pick<Config, 'http' | 'tls' | 'sessions'>;
  readonly log: Logger;
  readonly version: string;
  readonly media: MediaBackend;
  /** Takes a record of every change that somebody asks for. */
  readonly journal: Pick<Journal, 'append'>;
  /** Folder of the built console; null serves the API only. */
  readonly consoleFolder: string | null;
  /** What keeps this node from being ready, one sentence each; empty when it is ready. Shown without login. */
  readonly notReady: () => readonly string[];
  /** Own figures in Prometheus text format, added to those of the broker. */
  readonly metrics?: () => Promise<string>;
  /** Called as soon as it listens, with the address that it is bound to. */
  readonly onListening?: (address: { protocol: 'http' | 'https'; host: string; port: number }) => void;
}

/** What moleculer-web adds to a request. */
export interface GatewayRequest extends IncomingMessage {
  originalUrl: string;
  $ctx: Context<unknown, CallMeta>;
  /** Path parameters, decoded, beside what it merges from the query. */
  $params: Record<string, unknown>;
}

/** One request on its way through the gateway. */
export interface Exchange {
  readonly request: GatewayRequest;
  readonly response: ServerResponse;
  readonly requestId: string;
}
