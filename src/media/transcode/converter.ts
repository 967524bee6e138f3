import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_PCM_ALAW,
  AV_CODEC_ID_PCM_MULAW,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  type AVCodecID,
  type AVSampleFormat,
  FF_ENCODER_LIBOPUS,
} from 'node-av/constants';
import {
  AudioFifo,
  Codec,
  CodecContext,
  Frame,
  Packet,
  Rational,
  SoftwareResampleContext,
} from 'node-av/lib';
import type { AudioCodec } from '../types.ts';
import { SampleClock } from './sample-clock.ts';

export interface ConverterFormat {
  readonly codec: AudioCodec;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
}

export interface ConverterOptions {
  readonly from: ConverterFormat & { readonly timebase: number; readonly config: Buffer };
  readonly to: ConverterFormat & { readonly codec: 'aac' | 'opus' };
}

export interface Sound {
  /** Ticks of the outgoing rate. */
  readonly pts: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The count began anew, and this is the first after it. */
  readonly discontinuity: boolean;
  readonly data: Buffer;
}

const DECODERS: Partial<Record<AudioCodec, AVCodecID>> = {
  aac: AV_CODEC_ID_AAC,
  pcma: AV_CODEC_ID_PCM_ALAW,
  pcmu: AV_CODEC_ID_PCM_MULAW,
};
const BYTES_PER_SAMPLE = 4;

const layout = (channels: number) => ({
  nbChannels: channels,
  order: AV_CHANNEL_ORDER_NATIVE,
  mask: channels === 1 ? 4n : 3n,
});

/** Decodes, resamples and encodes one track in this thread. For worker processes only: native code on foreign input. */
export class AudioConverter {
  /** Packets that could not be decoded. */
  errors = 0;
  readonly #options: ConverterOptions;
  readonly #decoder: CodecContext;
  readonly #frame = new Frame();
  readonly #clock: SampleClock;
  #chain: Chain | undefined;
  #anew = false;

  /** @throws Error when there is no such decoder */
  constructor(options: ConverterOptions) {
    this.#options = options;
    this.#decoder = openDecoder(options.from);
    this.#clock = new SampleClock(options.from.timebase, options.to.sampleRate);
    this.#frame.alloc();
  }

  /** @throws Error when the encoder does not open or fails */
  *push(packet: { pts: number; time: number; discontinuity: boolean; data: Buffer }): Generator<Sound> {
    if (!this.#feed(packet.data)) return;
    let { pts, discontinuity } = packet;
    while (this.#decoder.receiveFrameSync(this.#frame) >= 0) {
      const { nbSamples, sampleRate } = this.#frame;
      const anew = this.#clock.arrive({ pts, time: packet.time, discontinuity }, nbSamples, sampleRate);
      if (anew !== undefined || this.#chain?.fits(this.#frame) !== true) {
        const before = this.#chain;
        before?.close();
        this.#chain = new Chain(this.#options.to, this.#frame, anew ?? before?.next ?? 0);
        this.#anew = before !== undefined;
      }
      for (const { data, at } of this.#chain.push(this.#frame)) {
        // What an encoder looks ahead may lie before the beginning.
        if (at < 0) continue;
        yield { ...this.#clock.moment(at), discontinuity: this.#anew, data };
        this.#anew = false;
      }
      this.#frame.unref();
      pts += (nbSamples * this.#options.from.timebase) / sampleRate;
      discontinuity = false;
    }
  }

  close(): void {
    this.#chain?.close();
    this.#chain = undefined;
    this.#frame.free();
    this.#decoder.freeContext();
  }

  #feed(data: Buffer): boolean {
    const packet = new Packet();
    packet.alloc();
    try {
      packet.data = data;
      const sent = this.#decoder.sendPacketSync(packet);
      if (sent < 0) this.errors += 1;
      return sent >= 0;
    } finally {
      packet.free();
    }
  }
}

function openDecoder({ codec, sampleRate, channels, config }: ConverterOptions['from']): CodecContext {
  const id = DECODERS[codec];
  const found = id === undefined ? null : Codec.findDecoder(id);
  if (found === null) throw new Error(`no decoder for ${codec}`);
  const context = new CodecContext();
  context.allocContext3(found);
  context.sampleRate = sampleRate;
  context.channelLayout = layout(Math.min(2, channels));
  if (config.length > 0) context.extraData = config;
  const opened = context.open2Sync(found, null);
  if (opened < 0) throw new Error(`the ${codec} decoder does not open (${opened})`);
  return context;
}

/** Everything behind the decoder, for one unbroken run of samples of one format. */
class Chain {
  readonly #encoder: CodecContext;
  readonly #format: AVSampleFormat;
  readonly #channels: number;
  readonly #rate: number;
  readonly #key: string;
  readonly #resampler = new SoftwareResampleContext();
  readonly #fifo = new AudioFifo();
  readonly #packet = new Packet();
  readonly #frameSize: number;
  /** Ticks of the next sample to be encoded. */
  next: number;

  constructor(to: ConverterOptions['to'], input: Frame, beginsAt: number) {
    this.next = beginsAt;
    this.#key = keyOf(input);
    this.#channels = to.channels;
    this.#rate = to.sampleRate;
    this.#format = to.codec === 'aac' ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_FLT;
    this.#encoder = openEncoder(to, this.#format);
    this.#frameSize = this.#encoder.frameSize;
    const { channelLayout, format, sampleRate } = input;
    this.#resampler.allocSetOpts2(
      layout(to.channels),
      this.#format,
      to.sampleRate,
      channelLayout,
      format as AVSampleFormat,
      sampleRate,
    );
    const ready = this.#resampler.init();
    if (ready < 0) throw new Error(`the resampler does not open (${ready})`);
    this.#fifo.alloc(this.#format, to.channels, 8_192);
    this.#packet.alloc();
  }

  fits(input: Frame): boolean {
    return keyOf(input) === this.#key;
  }

  /** `at`: ticks of the first sample of the packet. */
  *push(input: Frame): Generator<{ data: Buffer; at: number }> {
    const most = this.#resampler.getOutSamples(input.nbSamples);
    const buffers = this.#buffers(most);
    const got = this.#resampler.convertSync(buffers, most, input.extendedData ?? input.data, input.nbSamples);
    if (got < 0) throw new Error(`resampling failed (${got})`);
    if (got > 0) this.#fifo.writeSync(buffers, got);
    while (this.#fifo.size >= this.#frameSize) yield* this.#encode();
  }

  close(): void {
    this.#encoder.freeContext();
    this.#resampler.free();
    this.#fifo.free();
    this.#packet.free();
  }

  *#encode(): Generator<{ data: Buffer; at: number }> {
    const buffers = this.#buffers(this.#frameSize);
    this.#fifo.readSync(buffers, this.#frameSize);
    const frame = Frame.fromAudioBuffer(Buffer.concat(buffers), {
      format: this.#format,
      nbSamples: this.#frameSize,
      sampleRate: this.#rate,
      channelLayout: layout(this.#channels),
      timeBase: new Rational(1, this.#rate),
    });
    frame.pts = BigInt(this.next);
    this.next += this.#frameSize;
    const sent = this.#encoder.sendFrameSync(frame);
    frame.free();
    if (sent < 0) throw new Error(`encoding failed (${sent})`);
    while (this.#encoder.receivePacketSync(this.#packet) >= 0) {
      const { data, pts } = this.#packet;
      if (data !== null) yield { data: Buffer.from(data), at: Number(pts) };
      this.#packet.unref();
    }
  }

  #buffers(samples: number): Buffer[] {
    const planes = this.#format === AV_SAMPLE_FMT_FLTP ? this.#channels : 1;
    const bytes = (samples * BYTES_PER_SAMPLE * this.#channels) / planes;
    return Array.from({ length: planes }, () => Buffer.alloc(bytes));
  }
}

const keyOf = (frame: Frame): string =>
  [frame.format, frame.sampleRate, frame.channelLayout.nbChannels].join();

function openEncoder(to: ConverterOptions['to'], format: AVSampleFormat): CodecContext {
  const codec =
    to.codec === 'aac' ? Codec.findEncoder(AV_CODEC_ID_AAC) : Codec.findEncoderByName(FF_ENCODER_LIBOPUS);
  if (codec === null) throw new Error(`no encoder for ${to.codec}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = to.sampleRate;
  context.channelLayout = layout(to.channels);
  context.sampleFormat = format;
  context.timeBase = new Rational(1, to.sampleRate);
  context.bitRate = BigInt(32_000 * to.channels);
  if (to.codec === 'opus') {
    context.setOption('application', 'lowdelay');
    context.setOption('frame_duration', '20');
  }
  const opened = context.open2Sync(codec, null);
  if (opened < 0) throw new Error(`the ${to.codec} encoder does not open (${opened})`);
  return context;
}
