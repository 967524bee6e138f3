/** What the page of the players tells the tests. */

export interface ShownFrame {
  /** Milliseconds of the page's clock. */
  readonly at: number;
  /** Which of the page's videos, in the order of their first use. */
  readonly video: number;
  /** Time of the frame in its RTP stream, 90 kHz; undefined where it did not come by WebRTC. */
  readonly rtp: number | undefined;
}

export interface PageState {
  /** Milliseconds from `open` to the first picture. */
  readonly firstMs: number | null;
  readonly failure: string | null;
  /** Every frame that was shown since `open`. */
  readonly shown: readonly ShownFrame[];
  readonly videos: number;
  readonly width: number;
  /** Bytes of sound that the player decoded so far; Chromium's own count. */
  readonly audioBytes: number;
}

export interface WhepSeen {
  readonly status: number;
  /** Of a refusal. */
  readonly code?: string;
  /** Milliseconds after the call, for each frame. */
  readonly shown?: readonly number[];
  readonly inbound?: Readonly<Record<string, { packetsReceived: number }>>;
  /** The loudest frequency, and how loud it is. */
  readonly heard?: { readonly hertz: number; readonly decibel: number } | null;
}
