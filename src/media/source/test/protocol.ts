import type { TestScene } from './address.ts';

/** What the node tells its test source worker. */
export type TestRequest =
  | ({ readonly type: 'open'; readonly stream: number } & TestScene)
  | { readonly type: 'close'; readonly stream: number };

/** What the worker answers; `at` is milliseconds of its own monotonic clock. */
export type TestAnswer =
  | {
      readonly type: 'tracks';
      readonly stream: number;
      /** base64 */
      readonly sps: string;
      readonly pps: string;
      /** AudioSpecificConfig in base64; null without sound. */
      readonly audio: string | null;
    }
  | { readonly type: 'video'; readonly stream: number; readonly at: number; readonly key: boolean }
  | {
      readonly type: 'audio';
      readonly stream: number;
      /** Number of the first frame; frame n begins at n × 64 ms. */
      readonly first: number;
      /** Bytes of each frame in the payload. */
      readonly sizes: readonly number[];
    }
  | { readonly type: 'failed'; readonly stream: number; readonly message: string };
