import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  createOwnMetrics,
  eventLoopCollector,
  hubCollector,
  OWN_METRICS,
  renderFigures,
} from '../../../../src/actors/node/metrics.ts';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';

describe('renderFigures', () => {
  it('writes help, type and one line a sample, in the text format of Prometheus', () => {
    const text = renderFigures([
      { sightmesh_coverage_ratio: [{ camera: 'front-door', value: 0.5 }] },
      { sightmesh_webrtc_viewers: [{ value: 3 }] },
      { sightmesh_coverage_ratio: [{ camera: 'yard', value: 1 }] },
    ]);
    const lines = text.split('\n').filter((line) => !line.startsWith('# HELP'));
    expect(lines).toEqual([
      '# TYPE sightmesh_coverage_ratio gauge',
      'sightmesh_coverage_ratio{camera="front-door"} 0.5',
      'sightmesh_coverage_ratio{camera="yard"} 1',
      '# TYPE sightmesh_webrtc_viewers gauge',
      'sightmesh_webrtc_viewers 3',
      '',
    ]);
  });

  it('escapes what labels may hold', () => {
    const text = renderFigures([{ sightmesh_storage_free_bytes: [{ volume: 'a"b\\c\nd', value: 1 }] }]);
    expect(text).toContain('{volume="a\\"b\\\\c\\nd"} 1');
  });

  it('is empty without samples', () => {
    expect(renderFigures([{}, { sightmesh_coverage_ratio: [] }])).toBe('');
  });
});

describe('createOwnMetrics', () => {
  it('leaves out a collector that fails, and tells of it', async () => {
    const onError = vi.fn();
    const metrics = createOwnMetrics(onError);
    metrics.add(() => Promise.reject(new Error('no')));
    metrics.add(() => ({ sightmesh_journal_waiting: [{ value: 7 }] }));
    expect(await metrics.render()).toContain('sightmesh_journal_waiting 7\n');
    expect(onError).toHaveBeenCalledOnce();
  });

  it('measures the event loop', async () => {
    const { sightmesh_event_loop_lag_seconds: samples } = await eventLoopCollector()();
    expect(samples?.map(({ quantile }) => quantile)).toEqual(['0.5', '0.99', '1']);
    for (const { value } of samples ?? []) expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe('hubCollector', () => {
  it('tells losses of present readers by name and of closed ones together', async () => {
    const hubs = new HubRegistry();
    const hub = hubs.ensure('yard', 'main');
    const consumer = { header: () => undefined, packet: () => undefined, closed: () => undefined };
    const reader = hub.read({ name: 'recorder', maxBytes: 1 }, consumer as never);
    const before = renderFigures([await hubCollector(hubs)()]);
    expect(before).toContain('sightmesh_hub_drops_total{camera="yard",stream="main",reader="recorder"} 0');
    expect(before).toContain('sightmesh_hub_drops_total{camera="yard",stream="main",reader="gone"} 0');
    reader.close();
    expect(renderFigures([await hubCollector(hubs)()])).not.toContain('reader="recorder"');
  });
});

describe('docs/operations.md', () => {
  it('lists every figure and no other', () => {
    const file = path.resolve(import.meta.dirname, '../../../../docs/operations.md');
    const listed = [...readFileSync(file, 'utf8').matchAll(/^\| `(sightmesh_\w+)/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(Object.keys(OWN_METRICS).toSorted());
  });
});
