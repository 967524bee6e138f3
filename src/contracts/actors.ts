import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { ActorPlace, CameraState, StreamName, StreamStatus, Time } from './entities.ts';

/** `camera.<id>`: connects to the camera and feeds the hubs. */
export const camera = defineContract({
  name: 'camera',
  kind: 'actor',
  actions: {
    status: {
      summary: 'State and streams',
      params: Nothing,
      result: ActorPlace.extend({
        state: CameraState,
        message: z.string().nullable(),
        /** Stable code of what is wrong, of `SourceErrorCode`. */
        code: z.string().optional(),
        since: Time,
        streams: z.record(z.string(), StreamStatus),
      }),
    },
    command: {
      summary: 'Drop the connection and connect again',
      params: z.strictObject({ command: z.enum(['reconnect']) }),
      result: Nothing,
    },
  },
});

/** `recorder.<id>.<replica>`: writes segments. */
export const recorder = defineContract({
  name: 'recorder',
  kind: 'actor',
  actions: {
    status: {
      summary: 'State, open segment, bytes written',
      params: Nothing,
      result: ActorPlace.extend({
        message: z.string().nullable(),
        segment: z.string().nullable(),
        volume: z.string().nullable(),
        bytes: z.number(),
        drops: z.number(),
        /** Milliseconds between the newest packet and what is on disk. */
        lagMs: z.number(),
      }),
    },
  },
});

/** `analyzer.<id>`: turns pictures into events. */
export const analyzer = defineContract({
  name: 'analyzer',
  kind: 'actor',
  actions: {
    status: {
      summary: 'State, speed, what it sees',
      params: Nothing,
      result: ActorPlace.extend({
        message: z.string().nullable(),
        engine: z.string(),
        fps: z.number(),
        inferences: z.number(),
        motion: z.boolean(),
        tracks: z.array(
          z.strictObject({
            id: z.string(),
            label: z.string(),
            score: z.number(),
            box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
          }),
        ),
      }),
    },
  },
});

/** `restreamer.<id>`: WebRTC of one camera on one node. Soft state: never leased, spawned on demand. */
export const restreamer = defineContract({
  name: 'restreamer',
  kind: 'actor',
  actions: {
    status: {
      summary: 'State and viewers',
      params: Nothing,
      result: ActorPlace.extend({ viewers: z.number() }),
    },
    whep: {
      summary: 'Answer a WHEP offer',
      params: z.strictObject({ offer: z.string().max(100_000), stream: StreamName.default('main') }),
      result: z.strictObject({ session: z.string(), answer: z.string() }),
    },
    live: {
      summary: 'Make an offer for the console’s player',
      params: z.strictObject({
        fingerprint: z.strictObject({ algorithm: z.string().max(20), value: z.string().max(200) }),
        kinds: z
          .array(z.enum(['video', 'audio']))
          .min(1)
          .max(2),
        stream: StreamName.default('main'),
      }),
      result: z.strictObject({
        session: z.string(),
        offer: z.string(),
        /** mid of the m-line that shows the burst at once, of the shared one that follows, and of the audio; null when absent. */
        mids: z.strictObject({
          burst: z.string().nullable(),
          shared: z.string(),
          audio: z.string().nullable(),
        }),
      }),
    },
    hangUp: {
      summary: 'End a viewing session',
      params: z.strictObject({ session: z.string().max(100) }),
      result: Nothing,
    },
  },
});

/** `restream` on every node with role restream: spawns a restreamer here and answers at once. */
export const restream = defineContract({
  name: 'restream',
  kind: 'service',
  actions: {
    whep: {
      summary: 'Open by WHEP',
      params: restreamer.actions.whep.params.extend({ camera: z.string() }),
      result: restreamer.actions.whep.result.extend({ node: z.string() }),
    },
    live: {
      summary: 'Open for the console',
      params: restreamer.actions.live.params.extend({ camera: z.string() }),
      result: restreamer.actions.live.result.extend({ node: z.string() }),
    },
    hangUp: {
      summary: 'End a viewing session',
      params: z.strictObject({ camera: z.string(), session: z.string().max(100) }),
      result: Nothing,
    },
  },
});
