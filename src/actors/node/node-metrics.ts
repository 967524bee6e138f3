import { camera } from '../../contracts/actors.ts';
import { actorClient } from '../../contracts/define.ts';
import type { CoverageBook } from '../../archive/coverage-book.ts';
import type { Spawner } from './spawner.ts';
import { type Collector, createOwnMetrics, eventLoopCollector, hubCollector } from './metrics.ts';
import type { MediaParts } from './media-parts.ts';
import type { BaseContext } from './start-node.ts';

export type MetricParts = Pick<MediaParts, 'analysis' | 'live' | 'volumes' | 'webrtc'> & {
  readonly coverage: Pick<CoverageBook, 'today' | 'gapSecondsToday'>;
  readonly spawner: Pick<Spawner, 'running'>;
};

const ANSWER_MS = 2_000;

/** Our own figures at a scrape, in Prometheus text format. */
export function createNodeMetrics(context: BaseContext, parts: MetricParts): () => Promise<string> {
  const metrics = createOwnMetrics((err) => {
    context.log.warn({ err }, 'some figures are missing from /metrics');
  });
  metrics.add(hubCollector(context.hubs));
  metrics.add(eventLoopCollector());
  metrics.add(() => ({ sightmesh_journal_waiting: [{ value: context.journal.stats.waiting }] }));
  metrics.add(coverageCollector(parts));
  metrics.add(cameraCollector(context, parts));
  metrics.add(mediaCollector(parts));
  return () => metrics.render();
}

const camerasOf = ({ spawner }: MetricParts): string[] =>
  spawner.running.flatMap(({ name }) => (name.startsWith('camera.') ? [name.slice('camera.'.length)] : []));

function coverageCollector(parts: MetricParts): Collector {
  return async () => {
    const all = await Promise.all(
      camerasOf(parts).map(async (id) => ({
        id,
        coverage: await parts.coverage.today(id),
        gaps: await parts.coverage.gapSecondsToday(id),
      })),
    );
    return {
      sightmesh_coverage_ratio: all.flatMap(({ id, coverage: value }) =>
        value === null ? [] : [{ camera: id, value }],
      ),
      sightmesh_gap_seconds_today: all.flatMap(({ id, gaps }) =>
        Object.entries(gaps).map(([cause, value]) => ({ camera: id, cause, value })),
      ),
    };
  };
}

function cameraCollector({ broker, nodeId }: BaseContext, parts: MetricParts): Collector {
  return async () => {
    const ids = camerasOf(parts);
    const answers = await Promise.all(
      ids.map(async (id) => {
        const target = actorClient(broker, camera, id, { nodeID: nodeId, timeout: ANSWER_MS });
        const status = await target.status({}).catch(() => undefined);
        return { id, state: status?.state ?? 'idle', streams: status?.streams ?? {} };
      }),
    );
    return {
      sightmesh_camera_live: answers.map(({ id, state }) => ({
        camera: id,
        state,
        value: state === 'live' ? 1 : 0,
      })),
      sightmesh_rtp_lost_total: answers.flatMap(({ id, streams }) =>
        Object.entries(streams).map(([stream, { lost }]) => ({ camera: id, stream, value: lost })),
      ),
    };
  };
}

function mediaCollector({ analysis, live, volumes, webrtc }: MetricParts): Collector {
  return () => {
    const { inferences, skipped, dropped, fps, latencyMs, restarts } = analysis.stats;
    const all = volumes.list();
    return {
      sightmesh_storage_free_bytes: all.map(({ id, freeBytes }) => ({ volume: id, value: freeBytes })),
      sightmesh_storage_used_bytes: all.map(({ id, usedBytes }) => ({ volume: id, value: usedBytes })),
      sightmesh_webrtc_viewers: [{ value: webrtc.stats.reduce((sum, { viewers }) => sum + viewers, 0) }],
      sightmesh_mse_viewers: [{ value: live.mseServer.stats.viewers }],
      sightmesh_analysis_inferences_total: [{ value: inferences }],
      sightmesh_analysis_skipped_total: [{ value: skipped }],
      sightmesh_analysis_dropped_total: [{ value: dropped }],
      sightmesh_analysis_fps: [{ value: fps }],
      sightmesh_analysis_latency_seconds: [{ value: latencyMs / 1000 }],
      sightmesh_analysis_restarts_total: [{ value: restarts }],
    };
  };
}
