import os from 'node:os';
import path from 'node:path';
import { version as mediasoupVersion } from 'mediasoup';
import { builtWebRtcWorker } from '../../../config/environment.ts';
import { EventPictures } from '../../archive/event-pictures.ts';
import { configuredVolumes, VolumeSet } from '../../archive/volume-set.ts';
import { AnalysisPool } from '../../inference/pool.ts';
import { LiveMedia } from '../../media/live-media.ts';
import { PictureMaker } from '../../media/picture/maker.ts';
import { Sources } from '../../media/source/index.ts';
import { AudioTranscoding } from '../../media/transcode/transcoding.ts';
import { WebRtcPool } from '../../media/webrtc/pool.ts';
import type { Closers } from './closers.ts';
import type { BaseContext } from './start-node.ts';

/** What the services and actors of a node share to move, keep and understand media. */
export interface MediaParts {
  readonly sources: Sources;
  readonly volumes: VolumeSet;
  readonly eventPictures: EventPictures;
  readonly analysis: AnalysisPool;
  readonly webrtc: WebRtcPool;
  readonly sound: AudioTranscoding;
  readonly maker: PictureMaker;
  readonly live: LiveMedia;
}

/** Recording goes first. */
const ANALYSIS_NICE = 10;

export async function openMedia(context: BaseContext, closers: Closers): Promise<MediaParts> {
  const { clock, config, hubs, log, nodeId, store } = context;
  const cores = os.availableParallelism();
  const sources = new Sources(clock);
  closers.add('sources', () => sources.close());
  const volumes = await VolumeSet.open({ volumes: configuredVolumes(config), nodeId, store, log });
  closers.add('volumes', () => volumes.close());
  const sound = new AudioTranscoding({ onProblem: (fields, sentence) => log.warn(fields, sentence) });
  closers.add('sound', () => sound.close());
  hubs.transcodeSound(sound.aac);
  const maker = new PictureMaker();
  closers.add('pictures', () => maker.close());
  const analysis = new AnalysisPool({
    log,
    workers: config.inference.workers ?? Math.max(1, cores - 1),
    nice: ANALYSIS_NICE,
  });
  closers.add('analysis', () => analysis.close());
  const webrtc = new WebRtcPool({
    log,
    port: config.webrtc.port,
    advertise: config.advertise ?? undefined,
    workers: config.webrtc.workers ?? Math.max(1, Math.floor(cores / 4)),
    workerBin: builtWebRtcWorker(mediasoupVersion),
  });
  closers.add('WebRTC', () => webrtc.close());
  if (config.roles.includes('restream')) await webrtc.start();
  const live = new LiveMedia(hubs, maker);
  closers.add('live media', () => live.close());
  const eventPictures = new EventPictures(path.join(config.data, 'pictures'));
  return { sources, volumes, eventPictures, analysis, webrtc, sound, maker, live };
}
