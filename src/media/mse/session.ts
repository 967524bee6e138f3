import type { WebSocket } from 'ws';
import { FragmentHub } from '../fmp4/fragment-hub.ts';
import type { FragmentReader } from '../fmp4/fragment-reader.ts';
import type { InitSegment } from '../fmp4/init.ts';
import type { Hub } from '../hub/hub.ts';
import type { Fragment } from '../types.ts';
import { hasBoth, initWithoutSound, moofWithoutSound } from './without-sound.ts';

/** What is used of a socket of `ws`. */
export type MseSocket = Pick<WebSocket, 'send' | 'ping' | 'close' | 'terminate' | 'bufferedAmount' | 'on'>;

/** Close codes of the socket, with what the player makes of them. */
export const MSE_CLOSE = {
  /** The camera is not live, or went away: try again later. */
  offline: 4503,
  /** The stream has nothing that MP4 can carry. */
  unsupported: 4415,
} as const;

export interface MseLimits {
  /** Milliseconds to wait for a camera that is connecting, and for one that stopped. */
  readonly waitMs: number;
  /** A viewer that takes nothing and answers no ping for this long is gone, milliseconds. */
  readonly silenceMs: number;
  /** Bytes that may wait in the socket; further ones wait in the reader. */
  readonly socketBytes: number;
  /** Bytes that may wait in the reader; further ones are dropped up to the next key frame. */
  readonly readerBytes: number;
  /** Players show nothing where sound is missing: after this long without, the picture goes alone. */
  readonly silentMs: number;
  /** Sound that lasted this long is given again, from a key frame on; each time three times as long. */
  readonly soundMs: number;
}

export const MSE_LIMITS: MseLimits = {
  waitMs: 6_000,
  silenceMs: 25_000,
  socketBytes: 1024 * 1024,
  readerBytes: 8 * 1024 * 1024,
  silentMs: 1_500,
  soundMs: 5_000,
};

export interface MseSessionOptions {
  /** Asked until there is one. */
  readonly hub: () => Hub | undefined;
  readonly socket: MseSocket;
  readonly limits?: Partial<MseLimits>;
  readonly onClose?: (session: MseSession) => void;
}

const LOOK_EVERY_MS = 250;
const PING_EVERY_MS = 5_000;
/** A fragment as one message, made once for all viewers: with its sound, and without. */
const WITH_SOUND = new WeakMap<Fragment, Buffer>();
const WITHOUT_SOUND = new WeakMap<Fragment, Buffer>();

/**
 * One viewer by Media Source Extensions: a text message `{mime, codecs, generation}`, then binary messages with the init
 * segment and fragments; a new text message begins the next generation of codec parameters.
 */
export class MseSession {
  sentBytes = 0;
  readonly #options: MseSessionOptions;
  readonly #limits: MseLimits;
  readonly #timer: NodeJS.Timeout;
  #hub: Hub | undefined;
  #reader: FragmentReader | undefined;
  #init: InitSegment | undefined;
  #sound = true;
  #soundMs: number;
  #lostDrops = 0;
  #aliveAt = performance.now();
  #liveAt = performance.now();
  #pingAt = performance.now();
  #closed = false;

  constructor(options: MseSessionOptions) {
    this.#options = options;
    this.#limits = { ...MSE_LIMITS, ...options.limits };
    this.#soundMs = this.#limits.soundMs;
    const { socket } = options;
    socket.on('pong', () => (this.#aliveAt = performance.now()));
    socket.on('close', () => this.#end());
    socket.on('error', () => undefined);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
    this.#look();
  }

  /** Fragments that this viewer lost because it was slow. */
  get drops(): number {
    return this.#lostDrops + (this.#reader?.drops ?? 0);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Idempotent. */
  close(code: number = MSE_CLOSE.offline, reason = 'closed'): void {
    if (this.#closed) return;
    this.#end();
    this.#options.socket.close(code, reason);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#reader?.close();
    this.#options.onClose?.(this);
  }

  #look(): void {
    const now = performance.now();
    if (this.#hub === undefined) this.#attach(this.#options.hub());
    if (this.#closed) return;
    if (this.#hub?.live === true) this.#liveAt = now;
    if (this.#hub !== undefined && FragmentHub.of(this.#hub).problem !== null) {
      this.close(MSE_CLOSE.unsupported, 'codec_not_playable');
    } else if (now - this.#liveAt > this.#limits.waitMs) {
      this.close(MSE_CLOSE.offline, 'camera_offline');
    } else {
      this.#keepAlive(now);
      if (this.#sound && this.#isSilent()) this.#goOnSilently();
    }
  }

  #keepAlive(now: number): void {
    const { socket } = this.#options;
    if (now - this.#aliveAt > this.#limits.silenceMs) {
      this.#end();
      socket.terminate();
    } else if (now - this.#pingAt > PING_EVERY_MS) {
      this.#pingAt = now;
      socket.ping();
    }
  }

  #attach(hub: Hub | undefined): void {
    if (hub === undefined) return;
    this.#hub = hub;
    this.#sound = !this.#isSilent();
    this.#reader = this.#read(hub);
  }

  #read(hub: Hub): FragmentReader {
    return FragmentHub.of(hub).read(
      { name: 'mse', maxBytes: this.#limits.readerBytes },
      {
        init: (init) => this.#begin(init),
        fragments: (batch) => this.#send(batch),
        closed: (reason) => {
          this.close(MSE_CLOSE.offline, reason === 'hub_closed' ? 'camera_removed' : 'failed');
        },
      },
    );
  }

  #isSilent(): boolean {
    const hub = this.#hub?.live === true ? FragmentHub.of(this.#hub) : undefined;
    return hub?.init !== undefined && hasBoth(hub.init) && hub.silentMs > this.#limits.silentMs;
  }

  /** Shows the picture alone, beginning again with the newest key frame. */
  #goOnSilently(): void {
    const before = this.#reader;
    if (this.#hub === undefined || before === undefined) return;
    this.#sound = false;
    this.#lostDrops += before.drops;
    this.#reader = this.#read(this.#hub);
    before.close();
  }

  #begin(init: InitSegment): void {
    this.#init = init;
    if (hasBoth(init)) {
      this.#announce(this.#sound ? init : (initWithoutSound(init) ?? init));
    } else {
      this.#sound = true;
      this.#announce(init);
    }
  }

  #announce({ mimeType, codecs, generation, data }: InitSegment): void {
    const { socket } = this.#options;
    socket.send(JSON.stringify({ mime: mimeType, codecs, generation }));
    socket.send(data);
  }

  /** The promise is pending while the socket holds too much. */
  #send(batch: readonly Fragment[]): Promise<void> | undefined {
    const { socket } = this.#options;
    const drained = Promise.withResolvers<undefined>();
    for (const fragment of batch) {
      if (!this.#sound && fragment.key) this.#tryWithSound();
      const message = this.#sound ? whole(fragment) : silent(fragment);
      if (message.length === 0) continue;
      this.sentBytes += message.length;
      socket.send(message, () => {
        this.#aliveAt = performance.now();
        if (socket.bufferedAmount <= this.#limits.socketBytes / 2) drained.resolve(undefined);
      });
    }
    return socket.bufferedAmount > this.#limits.socketBytes ? drained.promise : undefined;
  }

  #tryWithSound(): void {
    if (this.#hub === undefined || this.#init === undefined) return;
    if (FragmentHub.of(this.#hub).soundMs < this.#soundMs) return;
    this.#sound = true;
    this.#soundMs *= 3;
    this.#announce(this.#init);
  }
}

const whole = (fragment: Fragment): Buffer =>
  once(WITH_SOUND, fragment, () => [fragment.moof, ...fragment.mdat]);

/** Empty when there is only sound in it. */
const silent = (fragment: Fragment): Buffer =>
  once(WITHOUT_SOUND, fragment, () => {
    const moof = moofWithoutSound(fragment);
    return moof === undefined ? [] : [moof, ...fragment.mdat];
  });

function once(made: WeakMap<Fragment, Buffer>, fragment: Fragment, parts: () => readonly Buffer[]): Buffer {
  let message = made.get(fragment);
  if (message === undefined) {
    message = Buffer.concat(parts());
    made.set(fragment, message);
  }
  return message;
}
