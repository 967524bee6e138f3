import type { ConverterFormat } from './converter.ts';

/** Messages to the worker that transcodes sound; `id` names a stream. Their payload is the config and the data. */
export interface OpenMessage {
  readonly type: 'open';
  readonly id: number;
  readonly from: ConverterFormat & { readonly timebase: number };
  readonly to: ConverterFormat & { readonly codec: 'aac' | 'opus' };
}

export interface PacketMessage {
  readonly type: 'packet';
  readonly id: number;
  readonly pts: number;
  readonly time: number;
  readonly session: number;
  readonly discontinuity: boolean;
}

/** From the worker, with the encoded sound as payload. */
export interface SoundMessage {
  readonly type: 'sound';
  readonly id: number;
  readonly pts: number;
  readonly time: number;
  readonly session: number;
  readonly discontinuity: boolean;
}
