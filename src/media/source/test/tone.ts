import {
  AV_CHANNEL_LAYOUT_MONO,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_ID_AAC,
  AV_SAMPLE_FMT_FLTP,
} from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';

/** Hz */
export const TONE_RATE = 16_000;
export const TONE_FRAME = 1_024;
export const TONE_FRAME_MS = (TONE_FRAME * 1000) / TONE_RATE;
/** Frames after which the tone repeats: exactly 8 s. */
const LOOP_FRAMES = 125;
/** Frames that the encoder may hold back. */
const DELAY_FRAMES = 4;
const BEEP_SECONDS = 0.12;

export interface Tone {
  /** AudioSpecificConfig */
  readonly config: Buffer;
  /** The AAC frame that begins `index` × 64 ms after 1970. A beep marks each full second. */
  frame(index: number): Buffer;
}

/** One sample of the tone; repeats every 8 s. @param pitch Hz, whole */
export function toneSample(pitch: number, sample: number): number {
  const seconds = sample / TONE_RATE;
  const inSecond = seconds % 1;
  const beep = inSecond < BEEP_SECONDS ? Math.sin(Math.PI * (inSecond / BEEP_SECONDS)) : 0;
  return (
    0.03 * Math.sin(2 * Math.PI * pitch * seconds) + 0.2 * beep * Math.sin(4 * Math.PI * pitch * seconds)
  );
}

/**
 * Encodes a tone once, so that sending it for ever costs nothing. For worker processes only: native code.
 *
 * @throws Error when there is no AAC encoder
 */
export function makeTone(pitch: number): Tone {
  const codec = Codec.findEncoder(AV_CODEC_ID_AAC);
  if (codec === null) throw new Error('no AAC encoder');
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = TONE_RATE;
  context.sampleFormat = AV_SAMPLE_FMT_FLTP;
  context.channelLayout = AV_CHANNEL_LAYOUT_MONO;
  context.bitRate = 32_000n;
  context.timeBase = new Rational(1, TONE_RATE);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  const result = context.open2Sync(codec, null);
  if (result < 0) throw new Error(`the AAC encoder does not open (${String(result)})`);
  try {
    const frames = encodeLoop(context, pitch);
    const config = Buffer.from(context.extraData ?? []);
    return {
      config,
      frame: (index) => frames[((index % LOOP_FRAMES) + LOOP_FRAMES) % LOOP_FRAMES] ?? NO_BYTES,
    };
  } finally {
    context.freeContext();
  }
}

const NO_BYTES = Buffer.alloc(0);

/** The second of two rounds, when the encoder has settled. */
function encodeLoop(context: CodecContext, pitch: number): Buffer[] {
  const packets: Buffer[] = [];
  const packet = new Packet();
  packet.alloc();
  for (let index = 0; index < 2 * LOOP_FRAMES + DELAY_FRAMES; index += 1) {
    const samples = Buffer.alloc(TONE_FRAME * 4);
    for (let at = 0; at < TONE_FRAME; at += 1) {
      samples.writeFloatLE(toneSample(pitch, index * TONE_FRAME + at), at * 4);
    }
    const frame = Frame.fromAudioBuffer(samples, {
      nbSamples: TONE_FRAME,
      format: AV_SAMPLE_FMT_FLTP,
      sampleRate: TONE_RATE,
      channelLayout: AV_CHANNEL_LAYOUT_MONO,
      timeBase: { num: 1, den: TONE_RATE },
      pts: BigInt(index * TONE_FRAME),
    });
    context.sendFrameSync(frame);
    frame.free();
    while (context.receivePacketSync(packet) >= 0) {
      const round = Number(packet.pts) / TONE_FRAME - LOOP_FRAMES;
      if (round >= 0 && round < LOOP_FRAMES) packets.push(Buffer.from(packet.data ?? []));
      packet.unref();
    }
  }
  packet.free();
  if (packets.length !== LOOP_FRAMES) throw new Error('the AAC encoder keeps its packets');
  return packets;
}
