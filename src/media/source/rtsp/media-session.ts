import { makeVideoTrack, type ParameterSets } from '../../codec/tracks.ts';
import { DecodeTimes } from '../../decode-times.ts';
import { type Clock, MediaTimeline } from '../../timeline.ts';
import type { SourceSink, SourceStats, VideoTrack } from '../../types.ts';
import { AacDepacketizer } from './audio.ts';
import { readSenderReports, type SenderReport, writeReceiverReport } from './rtcp.ts';
import { RtpReceiver } from './rtp.ts';
import type { Choice } from './tracks.ts';
import { VideoAssembler } from './video.ts';

/** Room before the first packet, so that decoding times are never negative. */
const HEAD_START_MS = 2_000;
const DEFAULT_FPS = 25;
const GUESSED_DEPTH = 2;
const MAX_DEPTH = 16;
/** Sound that is off by less is left alone: moving it costs a gap. */
const MAX_SKEW_MS = 40;

interface Reporting {
  readonly receiver: RtpReceiver;
  readonly timeline: MediaTimeline;
  report: SenderReport | undefined;
  reportAt: number;
  received: number;
  lost: number;
}

/** Turns the RTP and RTCP packets of one session into a header and packets for the sink. */
export class MediaSession {
  readonly #choice: Choice;
  readonly #sink: SourceSink;
  readonly #stats: SourceStats;
  readonly #video: Reporting;
  readonly #audio: Reporting | undefined;
  readonly #assembler: VideoAssembler;
  readonly #own = Math.floor(Math.random() * 0xffffffff);
  #track: VideoTrack | undefined;
  #sets: ParameterSets | undefined;
  #times = new DecodeTimes(0, 1);
  #reorders = false;
  #awaitKey = false;
  /** What the header said about the order of pictures is wrong. */
  #reannounce = false;
  #videoGap = false;
  #audioGap = false;
  #audioLast = -1;
  #audioScale = 1;
  #aligned = false;
  /** Pictures handed on. */
  pictures = 0;
  /** RTP packets of the video track that were accepted. */
  get videoPackets(): number {
    return this.#video.receiver.received;
  }

  constructor(choice: Choice, sink: SourceSink, stats: SourceStats, clock: Clock) {
    this.#choice = choice;
    this.#sink = sink;
    this.#stats = stats;
    const origin = clock.now() - HEAD_START_MS;
    this.#assembler = new VideoAssembler(choice.video.codec, choice.video.sets, {
      parameterSets: (sets) => {
        this.#announce(sets);
      },
      accessUnit: (data, key, timestamp, damaged) => {
        this.#onPicture(data, key, timestamp, damaged);
      },
      malformed: this.#malformed,
    });
    this.#video = this.#reporting(choice.video.media, clock, origin, this.#assembler);
    this.#audio =
      choice.audio === undefined
        ? undefined
        : this.#reporting(choice.audio.media, clock, origin, this.#audioTarget(choice.audio));
  }

  readonly #malformed = (): void => {
    this.#stats.malformed += 1;
  };

  rtp(kind: 'video' | 'audio', data: Buffer, start: number, end: number): void {
    const target = kind === 'video' ? this.#video : this.#audio;
    target?.receiver.push(data, start, end);
  }

  rtcp(kind: 'video' | 'audio', data: Buffer, start: number, end: number): void {
    const target = kind === 'video' ? this.#video : this.#audio;
    if (target === undefined) return;
    for (const report of readSenderReports(data, start, end)) {
      if (report.ssrc !== target.receiver.ssrc) continue;
      target.report = report;
      target.reportAt = performance.now();
    }
    if (kind === 'audio' || !this.#aligned) this.#align();
  }

  /** A receiver report for the track; undefined before its first packet. */
  report(kind: 'video' | 'audio'): Buffer | undefined {
    const from = kind === 'video' ? this.#video : this.#audio;
    if (from === undefined || from.receiver.ssrc === -1) return undefined;
    const { received, lost, ssrc, highest } = from.receiver;
    const came = received - from.received;
    const missing = lost - from.lost;
    from.received = received;
    from.lost = lost;
    return writeReceiverReport(this.#own, {
      ssrc,
      fraction: missing > 0 ? missing / (came + missing) : 0,
      lost,
      highest,
      lastReport: from.report?.middle ?? 0,
      sinceReport: from.report === undefined ? 0 : performance.now() - from.reportAt,
    });
  }

  #reporting(
    media: { payloadType: number; clockRate: number },
    clock: Clock,
    origin: number,
    target: Pick<VideoAssembler, 'push'>,
  ): Reporting {
    const receiver = new RtpReceiver(media.payloadType, {
      payload: (data, start, end, timestamp, marker, gap) => {
        target.push(data, start, end, timestamp, marker, gap);
      },
      lost: (packets) => {
        this.#stats.lost += packets;
      },
      malformed: this.#malformed,
    });
    const timeline = new MediaTimeline(clock, media.clockRate, origin);
    return { receiver, timeline, report: undefined, reportAt: 0, received: 0, lost: 0 };
  }

  #audioTarget(audio: NonNullable<Choice['audio']>): Pick<VideoAssembler, 'push'> {
    this.#audioScale = audio.media.clockRate;
    if (audio.format !== undefined) {
      return new AacDepacketizer(audio.format, audio.frameTicks, {
        frame: (data, start, end, timestamp, ticks, gap) => {
          this.#onSound(data, start, end, timestamp, ticks, gap);
        },
        malformed: this.#malformed,
      });
    }
    return {
      push: (data, start, end, timestamp, _marker, gap) => {
        this.#onSound(data, start, end, timestamp, 0, gap);
      },
    };
  }

  #announce(sets: ParameterSets): void {
    let track: VideoTrack;
    try {
      track = makeVideoTrack(
        this.#choice.video.codec,
        sets,
        this.#choice.video.media.clockRate,
        this.#reorders,
      );
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#stats.malformed += 1;
      this.#track = undefined;
      return;
    }
    this.#sets = sets;
    this.#track = track;
    this.#reannounce = false;
    const depth = track.reorders ? Math.max(this.#times.depth, GUESSED_DEPTH) : 0;
    this.#restartTimes(depth);
    if (depth > 0 && this.pictures === 0) this.#awaitKey = true;
    const audio = this.#choice.audio?.track;
    this.#sink.header({ tracks: audio === undefined ? [track] : [track, audio] });
  }

  #restartTimes(depth: number): void {
    const rate = this.#choice.video.media.clockRate;
    this.#times = new DecodeTimes(
      depth,
      Math.round(rate / (this.#track?.fps ?? DEFAULT_FPS)),
      this.#times.last,
    );
  }

  #onPicture(data: Buffer, key: boolean, timestamp: number, damaged: boolean): void {
    const timeline = this.#video.timeline;
    timeline.map(timestamp);
    if (damaged) this.#videoGap = true;
    if (timeline.discontinuity) {
      this.#videoGap = true;
      this.#times.restart();
      // Where pictures come out of order, their order is only known again from a key frame on.
      if (this.#times.depth > 0) this.#awaitKey = true;
    }
    if (this.#track === undefined || (this.#awaitKey && !key)) return;
    if (this.#reannounce && this.#sets !== undefined) this.#announce(this.#sets);
    this.#awaitKey = false;
    const dts = this.#times.next(timeline.ticks);
    if (dts !== undefined) this.#emitVideo(data, key, timeline.ticks, dts, timeline.time);
    else if (key) this.#pushOn(data, timeline.time);
    else this.#deepen();
  }

  /** The timestamps went back a little, and a key frame came: it follows at once on what was sent. */
  #pushOn(data: Buffer, time: number): void {
    this.#videoGap = true;
    this.#times.restart();
    const pts = this.#times.least;
    this.#emitVideo(data, true, pts, this.#times.next(pts) ?? pts, time);
  }

  #emitVideo(data: Buffer, key: boolean, pts: number, dts: number, time: number): void {
    const discontinuity = this.#videoGap;
    this.#videoGap = false;
    this.pictures += 1;
    this.#stats.packets += 1;
    this.#sink.packet({ track: 0, kind: 'video', pts, dts, time, discontinuity, key, data });
  }

  /** Pictures come more out of order than the parameter sets said: begin anew at the next key frame. */
  #deepen(): void {
    this.#videoGap = true;
    this.#awaitKey = true;
    this.#reannounce = true;
    this.#reorders = true;
    this.#restartTimes(Math.min(MAX_DEPTH, Math.max(GUESSED_DEPTH, this.#times.depth + 1)));
  }

  #onSound(data: Buffer, start: number, end: number, timestamp: number, ticks: number, gap: boolean): void {
    const audio = this.#audio;
    if (audio === undefined) return;
    if (ticks === 0) {
      audio.timeline.map(timestamp);
      if (audio.timeline.discontinuity) this.#audioGap = true;
    }
    if (gap) this.#audioGap = true;
    if (this.#track === undefined) return;
    const pts = audio.timeline.ticks + ticks;
    if (pts <= this.#audioLast || pts < 0) {
      this.#audioGap = true;
      return;
    }
    this.#audioLast = pts;
    const discontinuity = this.#audioGap;
    this.#audioGap = false;
    this.#stats.packets += 1;
    this.#sink.packet({
      track: 1,
      kind: 'audio',
      pts,
      dts: pts,
      time: audio.timeline.time + (ticks * 1000) / this.#audioScale,
      discontinuity,
      key: true,
      data: Buffer.from(data.subarray(start, end)),
    });
  }

  /** Sender reports tie both tracks to the camera's clock: lay the sound where it belongs beside the picture. */
  #align(): void {
    const audio = this.#audio;
    const video = this.#video;
    if (audio?.report === undefined || video.report === undefined) return;
    if (!audio.timeline.started || !video.timeline.started) return;
    const soundOffset = audio.timeline.timeAt(audio.report.rtpTimestamp) - audio.report.time;
    const pictureOffset = video.timeline.timeAt(video.report.rtpTimestamp) - video.report.time;
    const skew = pictureOffset - soundOffset;
    if (Math.abs(skew) > 30_000) return;
    this.#aligned = true;
    if (Math.abs(skew) < MAX_SKEW_MS) return;
    audio.timeline.shift(skew);
    this.#audioGap = true;
  }
}
