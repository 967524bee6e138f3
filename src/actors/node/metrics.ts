import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { HubRegistry } from '../../media/hub/registry.ts';

interface Definition {
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly help: string;
}

/** The figures of our own at /metrics, beside Moleculer's. docs/operations.md lists them, checked by a test. */
export const OWN_METRICS = {
  sightmesh_coverage_ratio: {
    type: 'gauge',
    labels: ['camera'],
    help: 'Share of the wanted time since midnight UTC that is recorded.',
  },
  sightmesh_gap_seconds_today: {
    type: 'gauge',
    labels: ['camera', 'cause'],
    help: 'Wanted time since midnight UTC that is not recorded.',
  },
  sightmesh_camera_live: {
    type: 'gauge',
    labels: ['camera', 'state'],
    help: '1 for a camera that is live, else 0; its state as a label.',
  },
  sightmesh_rtp_lost_total: {
    type: 'counter',
    labels: ['camera', 'stream'],
    help: 'RTP packets that never came.',
  },
  sightmesh_hub_drops_total: {
    type: 'counter',
    labels: ['camera', 'stream', 'reader'],
    help: 'Packets lost by slow readers; reader "gone" sums the closed ones.',
  },
  sightmesh_hub_queued_bytes: {
    type: 'gauge',
    labels: ['camera', 'stream', 'reader'],
    help: 'Bytes that wait for a reader.',
  },
  sightmesh_hub_lag_seconds: {
    type: 'gauge',
    labels: ['camera', 'stream'],
    help: 'Time since the last packet of a stream.',
  },
  sightmesh_event_loop_lag_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    help: 'Delay of the event loop of the node since the scrape before.',
  },
  sightmesh_journal_waiting: {
    type: 'gauge',
    labels: [],
    help: 'Entries of the journal that the catalog does not have yet.',
  },
  sightmesh_storage_free_bytes: { type: 'gauge', labels: ['volume'], help: 'Free bytes of a volume.' },
  sightmesh_storage_used_bytes: {
    type: 'gauge',
    labels: ['volume'],
    help: 'Bytes of recordings on a volume.',
  },
  sightmesh_webrtc_viewers: { type: 'gauge', labels: [], help: 'Open WebRTC sessions.' },
  sightmesh_mse_viewers: { type: 'gauge', labels: [], help: 'Open MSE sessions.' },
  sightmesh_analysis_inferences_total: {
    type: 'counter',
    labels: [],
    help: 'Pictures given to a model.',
  },
  sightmesh_analysis_skipped_total: {
    type: 'counter',
    labels: [],
    help: 'Pictures that were worth a look but got none in time.',
  },
  sightmesh_analysis_dropped_total: {
    type: 'counter',
    labels: [],
    help: 'Packets that analysis was too slow for.',
  },
  sightmesh_analysis_fps: { type: 'gauge', labels: [], help: 'Pictures a second in which motion is sought.' },
  sightmesh_analysis_latency_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Longest time from a picture to its answer within the last second.',
  },
  sightmesh_analysis_restarts_total: {
    type: 'counter',
    labels: [],
    help: 'Analysis workers that ended unexpectedly.',
  },
} as const satisfies Record<string, Definition>;

type Name = keyof typeof OWN_METRICS;
type Sample<N extends Name> = Readonly<
  Record<(typeof OWN_METRICS)[N]['labels'][number], string> & { value: number }
>;

/** What a collector tells at a scrape; figures of several collectors are put together. */
export type Figures = { readonly [N in Name]?: readonly Sample<N>[] };
export type Collector = () => Figures | Promise<Figures>;

export interface OwnMetrics {
  /** Called at each scrape. */
  add(collector: Collector): void;
  /** Prometheus text format 0.0.4. A collector that fails is left out. */
  render(): Promise<string>;
}

/** @param onError told of each collector that fails */
export function createOwnMetrics(onError: (error: unknown) => void): OwnMetrics {
  const collectors: Collector[] = [];
  return {
    add: (collector) => collectors.push(collector),
    async render() {
      const all = await Promise.all(
        collectors.map(async (collector) => {
          try {
            return await collector();
          } catch (error) {
            onError(error);
            return {};
          }
        }),
      );
      return renderFigures(all);
    },
  };
}

/** Pure. Figures without a sample are left out. */
export function renderFigures(all: readonly Figures[]): string {
  const lines: string[] = [];
  for (const [name, { type, labels, help }] of Object.entries<Definition>(OWN_METRICS)) {
    const samples: readonly Readonly<Record<string, string | number>>[] = all.flatMap(
      (figures) => figures[name as Name] ?? [],
    );
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) {
      const set = labels.map((label) => `${label}="${escape(String(sample[label]))}"`).join(',');
      lines.push(`${name}${set === '' ? '' : `{${set}}`} ${sample['value'] ?? 'NaN'}`);
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const escape = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** Losses, queues and silence of the hubs of this node. */
export function hubCollector(hubs: HubRegistry): Collector {
  return () => {
    const drops: Sample<'sightmesh_hub_drops_total'>[] = [];
    const queued: Sample<'sightmesh_hub_queued_bytes'>[] = [];
    const lag: Sample<'sightmesh_hub_lag_seconds'>[] = [];
    for (const hub of hubs.all()) {
      const [camera = '', stream = ''] = hub.id.split('/');
      const { drops: total, lastPacketAgeMs } = hub.stats;
      let present = 0;
      for (const [reader, sums] of byName(hub.readers)) {
        present += sums.drops;
        drops.push({ camera, stream, reader, value: sums.drops });
        queued.push({ camera, stream, reader, value: sums.queuedBytes });
      }
      drops.push({ camera, stream, reader: 'gone', value: total - present });
      if (Number.isFinite(lastPacketAgeMs)) lag.push({ camera, stream, value: lastPacketAgeMs / 1000 });
    }
    return {
      sightmesh_hub_drops_total: drops,
      sightmesh_hub_queued_bytes: queued,
      sightmesh_hub_lag_seconds: lag,
    };
  };
}

/** Several readers may have one name: a series of Prometheus may not come twice. */
function byName(
  readers: readonly { name: string; drops: number; queuedBytes: number }[],
): Map<string, { drops: number; queuedBytes: number }> {
  const sums = new Map<string, { drops: number; queuedBytes: number }>();
  for (const { name, drops, queuedBytes } of readers) {
    const sum = sums.get(name) ?? { drops: 0, queuedBytes: 0 };
    sums.set(name, { drops: sum.drops + drops, queuedBytes: sum.queuedBytes + queuedBytes });
  }
  return sums;
}

const SAMPLING_MS = 10;

/** Measures from now on, and between scrapes. */
export function eventLoopCollector(): Collector {
  const delay = monitorEventLoopDelay({ resolution: SAMPLING_MS });
  delay.enable();
  return () => {
    const above = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - SAMPLING_MS / 1000) : 0;
    const samples = [
      { quantile: '0.5', value: above(delay.percentile(50)) },
      { quantile: '0.99', value: above(delay.percentile(99)) },
      { quantile: '1', value: above(delay.max) },
    ];
    delay.reset();
    return { sightmesh_event_loop_lag_seconds: samples };
  };
}
