import os from 'node:os';
import path from 'node:path';
import { CoverageBook } from '../../archive/coverage-book.ts';
import { ExportFolder } from '../../archive/export/folder.ts';
import { ArchivePlayer } from '../../archive/player.ts';
import { probeAddress } from '../../media/probe.ts';
import { demoCameras } from '../../media/source/test/demo.ts';
import { createAccountsService } from '../accounts/accounts.service.ts';
import { createAnalyzerActor } from '../analyzer/analyzer.actor.ts';
import { createArchiveService } from '../archive/archive.service.ts';
import { createCameraActor } from '../camera/camera.actor.ts';
import { createCatalogService } from '../catalog/catalog.service.ts';
import { createDirectorService } from '../director/director.service.ts';
import { createGatewayService } from '../gateway/gateway.service.ts';
import { createJobsService } from '../jobs/jobs.service.ts';
import { createRecorderActor } from '../recorder/recorder.actor.ts';
import { createRestreamService } from '../restreamer/restream.service.ts';
import { NodeActorHost } from './actor-host.ts';
import type { Closers } from './closers.ts';
import { jobsParts } from './jobs-parts.ts';
import { LocalMedia } from './local-media.ts';
import type { MediaParts } from './media-parts.ts';
import { createNodeMetrics } from './node-metrics.ts';
import { createNodeService } from './node.service.ts';
import { serveRepl } from './repl-server.ts';
import { Spawner } from './spawner.ts';
import type { BaseContext, StartOptions } from './start-node.ts';

/** Where a node is reached; null for what it has not. */
export interface Addresses {
  readonly node: string;
  readonly http: string | null;
  readonly rtsp: null;
  readonly webrtc: string | null;
}

export interface NodeServices {
  /** Resolves when all services run and the cameras that are known have their actors. */
  start(): Promise<void>;
  addresses(): Addresses;
}

type Listening = Parameters<NonNullable<Parameters<typeof createGatewayService>[0]['onListening']>>[0];

/** Gives the broker its services: what each of them needs is said here and nowhere else. */
export async function createServices(
  context: BaseContext,
  media: MediaParts,
  options: StartOptions,
  closers: Closers,
): Promise<NodeServices> {
  const { broker, config, log } = context;
  const has = (role: (typeof config.roles)[number]): boolean => config.roles.includes(role);
  const spawner = new Spawner(broker, log);
  const player = new ArchivePlayer({ store: context.store, volumes: media.volumes, clock: context.clock });
  const coverage = new CoverageBook({ store: context.store, now: () => context.clock.now() });
  let listening: Listening | undefined;
  let ready = false;

  broker.createService(
    createNodeService({
      ...context,
      version: options.version,
      actors: () => spawner.running.map(({ name }) => name),
      problems: () => (has('restream') ? [media.webrtc.unavailable].filter((one) => one !== null) : []),
    }),
  );
  broker.createService(createAccountsService(context));
  broker.createService(
    createArchiveService({
      ...context,
      ...media,
      player,
      coverage,
      onEventsRemoved: (events) => media.eventPictures.remove(events),
    }),
  );
  broker.createService(
    createCatalogService({
      ...context,
      demoCameras,
      probe: (request) => probeAddress(request, media.sources),
      coverageToday: (camera) => coverage.today(camera),
    }),
  );
  broker.createService(
    createDirectorService({
      ...context,
      bucket: context.assignments,
      host: actorHost(context, media, spawner),
    }),
  );
  const exports = new ExportFolder({ path: context.folder.exports, maxBytes: config.exports.maxSize });
  broker.createService(createJobsService(await jobsParts(context, player, exports)));
  if (has('restream')) {
    broker.createService(
      createRestreamService({ ...context, pool: media.webrtc, opus: media.sound.opus, spawner }),
    );
  }
  if (has('gateway')) {
    broker.createService(
      createGatewayService({
        ...context,
        version: options.version,
        consoleFolder: options.consoleFolder,
        media: new LocalMedia({ ...media, player, exports }),
        notReady: () => (ready ? [] : ['The node is starting.']),
        metrics: createNodeMetrics(context, { ...media, coverage, spawner }),
        onListening: (address) => (listening = address),
      }),
    );
  }
  return {
    async start() {
      await broker.start();
      await openRepl(context, closers);
      ready = true;
    },
    addresses: () => ({
      node: context.nodeId,
      http: listening === undefined ? null : httpAddress(listening, config.advertise),
      rtsp: null,
      webrtc: has('restream') ? webRtcAddress(context, media) : null,
    }),
  };
}

/** A convenience: a node without it works all the same. */
async function openRepl({ broker, degraded, folder }: BaseContext, closers: Closers): Promise<void> {
  try {
    const close = await serveRepl(broker, path.join(folder.run, 'repl.sock'));
    closers.add('REPL', close);
  } catch (error) {
    degraded.set(
      'repl',
      `npx sightmesh repl does not work: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function actorHost(context: BaseContext, media: MediaParts, spawner: Spawner): NodeActorHost {
  const analyzerParts = { ...context, analysis: media.analysis, pictures: media.eventPictures };
  return new NodeActorHost(spawner, context.hubs, {
    camera: (camera, epoch) => (onReady) =>
      createCameraActor({ ...context, ...media }, { camera, epoch }, onReady),
    recorder:
      (camera, epoch, { name }) =>
      (onReady) =>
        createRecorderActor({ ...context, ...media }, { camera, epoch, replica: replicaOf(name) }, onReady),
    analyzer: (camera, epoch) => (onReady) => createAnalyzerActor(analyzerParts, { camera, epoch }, onReady),
  });
}

/** `recorder.front-door.0` → 0 */
const replicaOf = (name: string): number => Number(name.split('.').at(-1));

/** As people reach it: an address that means all of them says nothing. */
function httpAddress({ protocol, host, port }: Listening, advertise: string | null): string {
  const all = host === '0.0.0.0' || host === '::';
  const shown = advertise ?? (all ? 'localhost' : host);
  return `${protocol}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

const webRtcAddress = ({ config }: BaseContext, { webrtc }: MediaParts): string | null =>
  webrtc.unavailable === null ? `${config.advertise ?? os.hostname()}:${webrtc.port}` : null;
