import { z } from 'zod';
import { Box, type DetectSettings } from '../contracts/entities.ts';
import type { VideoCodec } from '../media/types.ts';

/** What of a camera's settings the analysis of its pictures needs. */
export type AnalysisSettings = Pick<
  z.output<typeof DetectSettings>,
  'fps' | 'objects' | 'minScore' | 'zones' | 'masks' | 'sensitivity'
>;

/**
 * From the node to an analysis worker. `stream` is a number above 0 that is never used again; `life` rises whenever what
 * was known of a stream is void, so that late answers can be told from new ones.
 */
export type ToWorker =
  /** Payload: the settings as JSON. */
  | { readonly type: 'open'; readonly stream: number; readonly life: number }
  /** Payload: the parameter sets as a byte stream. The pictures of the next packets are in this form. */
  | {
      readonly type: 'header';
      readonly stream: number;
      readonly codec: VideoCodec;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      readonly reorders: boolean;
    }
  /** Payload: length-prefixed NAL units. `sent`: see `machineTime`. */
  | {
      readonly type: 'packet';
      readonly stream: number;
      readonly time: number;
      readonly key: boolean;
      readonly sent: number;
    }
  /** Forget the objects: the camera was away. */
  | { readonly type: 'reset'; readonly stream: number; readonly life: number }
  | { readonly type: 'close'; readonly stream: number };

const ChangeMessage = z.object({
  type: z.literal('change'),
  stream: z.number(),
  life: z.number(),
  change: z.object({
    type: z.enum(['new', 'update', 'better', 'end']),
    better: z.boolean(),
    event: z.object({
      id: z.string().regex(/^[a-z0-9-]{10,64}$/),
      track: z.string(),
      label: z.string(),
      score: z.number(),
      start: z.number(),
      end: z.number().nullable(),
      zones: z.array(z.string()),
      box: Box,
      bestTime: z.number(),
      path: z.array(z.tuple([z.number(), Box])),
      rested: z.boolean(),
    }),
  }),
});

export const StreamReport = z.object({
  stream: z.number(),
  life: z.number(),
  /** Pictures looked at per second, for motion. */
  fps: z.number(),
  motion: z.boolean(),
  /** Of the newest picture; milliseconds since 1970. */
  time: z.number(),
  tracks: z.array(
    z.object({ id: z.string(), label: z.string(), score: z.number(), box: Box, lastSeen: z.number() }),
  ),
  /** Pictures shown to the engine so far. */
  inferences: z.number(),
  /** Pictures that wanted the engine and were overtaken by newer ones. */
  skipped: z.number(),
  /** Packets dropped because decoding was behind. */
  dropped: z.number(),
  /** Packets or pictures that could not be decoded. */
  damaged: z.number(),
  /** Longest time from sending a packet to the answer about its picture since the report before; 0 without one. */
  latencyMs: z.number(),
  /** Packets that wait. */
  waiting: z.number(),
  /** What is wrong with its pictures; null while all is well. */
  problem: z.string().nullable(),
});
export type StreamReport = z.output<typeof StreamReport>;

/** Once a second, whatever happens: a worker that is silent for long hangs. */
const BeatMessage = z.object({
  type: z.literal('beat'),
  engine: z.string().nullable(),
  /** Why there is no engine; null when there is one or it is loading. */
  problem: z.string().nullable(),
  /** Milliseconds that one picture takes, smoothed. */
  inferenceMs: z.number(),
});

/** From an analysis worker. Payload of `change`: a JPEG when `better`; of `beat`: the reports as JSON. */
export const FromWorker = z.discriminatedUnion('type', [ChangeMessage, BeatMessage]);
export type FromWorker = z.output<typeof FromWorker>;
export const StreamReports = z.array(StreamReport);

/** Milliseconds of a clock that never goes back and is the same for all processes of a machine. */
export function machineTime(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
