import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { CameraId, StreamName, Time } from './entities.ts';

const Raw = z.unknown();
const ById = z.strictObject({ id: CameraId });

/** Routes whose bodies are media or streams; the gateway answers them itself, under the same rights as all others. */
export const mediaRoutes = defineContract({
  name: 'gateway',
  kind: 'service',
  actions: {
    snapshot: {
      summary: 'Newest picture, or the recorded one at a time, as JPEG',
      access: 'live',
      rest: 'GET /cameras/:id/snapshot.jpg',
      camera: 'id',
      raw: 'image/jpeg',
      params: ById.extend({
        at: Time.optional(),
        height: z.coerce.number().int().min(16).max(4320).optional(),
      }),
      result: Raw,
    },
    whep: {
      summary: 'WebRTC out: SDP offer in, SDP answer out, Location to DELETE',
      access: 'live',
      rest: 'POST /cameras/:id/whep',
      camera: 'id',
      raw: 'application/sdp',
      body: 'application/sdp',
      status: 201,
      params: ById.extend({ stream: StreamName.default('main') }),
      result: Raw,
    },
    whepDelete: {
      summary: 'End a WHEP session',
      access: 'live',
      rest: 'DELETE /cameras/:id/whep/:session',
      camera: 'id',
      raw: 'none',
      status: 204,
      params: ById.extend({ session: z.string().max(200) }),
      result: Raw,
    },
    live: {
      summary: 'WebRTC out for the console: one round trip, the server offers',
      access: 'live',
      rest: 'POST /cameras/:id/live',
      camera: 'id',
      raw: 'application/json',
      status: 201,
      params: ById.extend({
        fingerprint: z.strictObject({ algorithm: z.string().max(20), value: z.string().max(200) }),
        kinds: z
          .array(z.enum(['video', 'audio']))
          .min(1)
          .max(2),
        stream: StreamName.default('main'),
      }),
      result: Raw,
    },
    mse: {
      summary: 'fMP4 for Media Source Extensions over a WebSocket',
      access: 'live',
      rest: 'GET /cameras/:id/mse',
      camera: 'id',
      raw: 'websocket',
      params: ById.extend({ stream: StreamName.default('main') }),
      result: Raw,
    },
    playbackMp4: {
      summary: 'What was recorded of the range as one MP4, never re-encoded',
      access: 'playback',
      rest: 'GET /cameras/:id/playback.mp4',
      camera: 'id',
      raw: 'video/mp4',
      params: ById.extend({ from: Time, to: Time, download: z.string().optional() }),
      result: Raw,
    },
    playbackHls: {
      summary: 'What was recorded of the range as HLS',
      access: 'playback',
      rest: 'GET /cameras/:id/playback.m3u8',
      camera: 'id',
      raw: 'application/vnd.apple.mpegurl',
      params: ById.extend({ from: Time, to: Time }),
      result: Raw,
    },
    playbackHlsInit: {
      summary: 'Init segment of a playback playlist',
      access: 'playback',
      rest: 'GET /cameras/:id/playback/:segment/init.mp4',
      camera: 'id',
      raw: 'video/mp4',
      params: ById.extend({ segment: z.string().max(200) }),
      result: Raw,
    },
    playbackHlsSegment: {
      summary: 'Media of a playback playlist',
      access: 'playback',
      rest: 'GET /cameras/:id/playback/:segment/media.m4s',
      camera: 'id',
      raw: 'video/mp4',
      params: ById.extend({ segment: z.string().max(200), from: Time.optional(), to: Time.optional() }),
      result: Raw,
    },
    eventSnapshot: {
      summary: 'Picture of an event',
      access: 'events.view',
      rest: 'GET /events/:id/snapshot.jpg',
      raw: 'image/jpeg',
      params: z.strictObject({ id: z.string().max(100) }),
      result: Raw,
    },
    eventClip: {
      summary: 'Recording of an event with some seconds before and after',
      access: 'events.view',
      rest: 'GET /events/:id/clip.mp4',
      raw: 'video/mp4',
      params: z.strictObject({ id: z.string().max(100) }),
      result: Raw,
    },
    downloadExport: {
      summary: 'The file of a finished export: a zip with media and a signed manifest',
      access: 'export',
      rest: 'GET /exports/:id/download',
      raw: 'application/zip',
      params: z.strictObject({ id: z.string().max(100) }),
      result: Raw,
    },
    stream: {
      summary: 'What happens, as server-sent events, for the cameras of the caller',
      access: 'session',
      rest: 'GET /stream',
      raw: 'text/event-stream',
      params: z.strictObject({ types: z.string().max(500).optional() }),
      result: Raw,
    },
    openapi: {
      summary: 'This description',
      access: 'session',
      raw: 'application/json',
      params: Nothing,
      result: Raw,
    },
  },
});
