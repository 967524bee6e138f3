import type { ServiceSchema } from 'moleculer';
import type { EventPictures } from '../../archive/event-pictures.ts';
import { analyzer } from '../../contracts/actors.ts';
import type { CameraDocument } from '../../contracts/entities.ts';
import { publish } from '../../contracts/events.ts';
import type { AnalysisPool } from '../../inference/pool.ts';
import { actorSchema } from '../../mixins/actor.ts';
import type { NodeContext } from '../../mixins/context.ts';
import type { Logger } from '../../mixins/health.ts';
import type { Store } from '../../store/types.ts';
import { Analysis } from './analysis.ts';
import { EventLog } from './event-log.ts';
import { lastKnown } from './event-record.ts';
import { describe, ShareMeter } from './status.ts';

export type AnalyzerParts = Pick<NodeContext, 'log' | 'nodeId' | 'broker' | 'clock' | 'journal' | 'hubs'> & {
  readonly store: { readonly events: Pick<Store['events'], 'find' | 'get'> };
  readonly analysis: Pick<AnalysisPool, 'open'>;
  readonly pictures: Pick<EventPictures, 'save'>;
};

export interface AnalyzerOptions {
  readonly camera: CameraDocument;
  readonly epoch: number;
  /** Milliseconds that never go back, for tests. */
  readonly monotonic?: () => number;
}

/** `analyzer.<camera>`: turns the pictures of one camera into events. */
export function createAnalyzerActor(
  parts: AnalyzerParts,
  options: AnalyzerOptions,
  onReady?: (error?: unknown) => void,
): ServiceSchema {
  const { log, nodeId, broker, journal, pictures, hubs } = parts;
  const { camera, epoch } = options;
  const events = new EventLog({
    camera: camera.id,
    log,
    journal,
    pictures,
    publish: (name, event) => publish(broker, name, { event }),
  });
  const now = options.monotonic ?? (() => performance.now());
  const analysis = new Analysis({ camera, hubs, pool: parts.analysis, events, now });
  const meter = new ShareMeter();

  return actorSchema(
    {
      contract: analyzer,
      id: camera.id,
      log,
      actions: {
        status: () => {
          const { state } = analysis;
          const shares = state === undefined ? { wanted: 0, seen: 0 } : meter.read(state, now());
          return {
            node: nodeId,
            epoch,
            ...describe(state, {
              away: analysis.away,
              fallenBack: analysis.fallenBack,
              problem: events.problem,
              shares,
            }),
          };
        },
      },
      events: {
        'camera.state': (payload) => {
          if (payload.camera === camera.id && payload.state !== 'live') analysis.cameraAway();
        },
      },
      start: () => {
        analysis.start();
        void endOrphans(parts, camera.id, events, log);
      },
      stop: () => {
        analysis.stop();
        return events.close();
      },
    },
    onReady,
  );
}

/** Ends the events that an earlier life left open, when they were seen last. */
async function endOrphans(
  { store, journal, clock }: AnalyzerParts,
  camera: string,
  events: EventLog,
  log: Logger,
): Promise<void> {
  const startedAt = clock.now();
  try {
    await journal.drained();
    const lasting = await store.events.find({ cameras: [camera], from: startedAt, limit: 1_000 });
    for (const record of lasting) {
      if (record.end !== null || events.knows(record.id)) continue;
      const newest = await store.events.get(record.id);
      if (newest?.end === null) await events.adopt(newest, lastKnown(newest));
    }
  } catch (error) {
    log.warn({ camera, err: error }, 'events of an earlier life could not be ended');
  }
}
