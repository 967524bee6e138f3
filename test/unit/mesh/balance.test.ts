import { describe, expect, it } from 'vitest';
import { balance } from '../../../src/mesh/balance.ts';
import type { Beat } from '../../../src/mesh/beats.ts';
import { planMesh } from '../../../src/mesh/reconcile.ts';
import { nodeBeat } from '../../support/mesh.ts';
import { actorsOf, InstantMesh, roomFor } from '../../support/mesh-simulation.ts';
import { seeded } from '../../support/random.ts';

const cameras = (count: number, options: Parameters<typeof actorsOf>[1] = {}) =>
  Array.from({ length: count }, (_, index) => actorsOf(`cam${String(index)}`, options)).flat();

describe('balance', () => {
  it('gives a new node its share, a few at a time, whole cameras, and then stops', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b')], cameras(30));
    mesh.takeOver();
    mesh.nodes.push(nodeBeat('c'));
    const first = mesh.balance(6);
    expect(first).toHaveLength(6);
    expect(new Set(first.map(({ to }) => to.node))).toEqual(new Set(['c']));
    const moved = 6 + mesh.settle();
    expect(mesh.count('c')).toBeGreaterThanOrEqual(7 * 3);
    expect(moved).toBe(mesh.count('c'));
    for (let index = 0; index < 30; index += 1) {
      expect(mesh.nodeOf(`recorder.cam${String(index)}.0`)).toBe(mesh.nodeOf(`camera.cam${String(index)}`));
    }
    expect(mesh.balance()).toEqual([]);
  });

  it('empties a node that is drained, keeps cameras whole, and puts nothing there', () => {
    const mesh = new InstantMesh(
      ['a', 'b', 'c'].map((node) => nodeBeat(node)),
      cameras(12),
    );
    mesh.takeOver();
    mesh.nodes = mesh.nodes.map((beat) => (beat.node === 'b' ? { ...beat, isDraining: true } : beat));
    const before = mesh.count('b');
    expect(mesh.settle()).toBe(before);
    expect(mesh.count('b')).toBe(0);
    for (let index = 0; index < 12; index += 1) {
      expect(mesh.nodeOf(`recorder.cam${String(index)}.0`)).toBe(mesh.nodeOf(`camera.cam${String(index)}`));
    }
  });

  it('counts moves under way, and gives up those that are late or useless', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b')], cameras(10));
    for (const { name } of mesh.desired) mesh.own(name, mesh.ownerOn('a'));
    const prepared = (actor: string, node: string, deadline: string) => {
      const assignment = mesh.assignments.get(actor);
      if (assignment === undefined) throw new Error('no assignment');
      const next = { node, incarnation: `${node}-1`, epoch: 2, deadline, reasons: [] };
      mesh.assignments.set(actor, { ...assignment, next });
    };
    prepared('camera.cam0', 'b', '2026-01-01T00:01:00Z');
    prepared('camera.cam1', 'b', '2026-01-01T00:00:00Z');
    prepared('camera.cam2', 'dead', '2026-01-01T00:01:00Z');
    const decided = balance(mesh.view, planMesh(mesh.view), {
      moves: 7,
      now: Date.parse('2026-01-01T00:00:30Z'),
    });
    expect(decided.abandon).toEqual([
      { actor: 'camera.cam1', epoch: 2 },
      { actor: 'camera.cam2', epoch: 2 },
    ]);
    expect(decided.moves.length).toBeGreaterThan(0);
    expect(decided.moves.length).toBeLessThanOrEqual(6);
    expect(decided.moves.map(({ actor }) => actor)).not.toContain('camera.cam0');
  });

  it('does not move while somebody waits to be taken over', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b')], cameras(10));
    for (const { name } of mesh.desired) mesh.own(name, mesh.ownerOn('a'));
    mesh.desired.push(...actorsOf('new'));
    expect(mesh.balance()).toEqual([]);
  });

  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'never flaps, whatever happens (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      let lives = 0;
      const node = (name: string): Beat =>
        nodeBeat(name, {
          incarnation: `${name}-${String((lives += 1))}`,
          host: `host${String(below(4))}`,
          roles: random() < 0.7 ? ['ingest', 'record', 'analyze'] : ['record', 'analyze'],
          labels: { site: String(below(2)) },
          capacity: roomFor(20 + below(60)),
        });
      const names = Array.from({ length: 3 + below(8) }, (_, index) => `n${String(index)}`);
      const camera = (index: number) =>
        actorsOf(`cam${String(index)}`, { replicas: 1 + below(2), packets: 25 + below(200) });
      const mesh = new InstantMesh(
        names.map(node),
        Array.from({ length: 40 }, (_, index) => camera(index)).flat(),
      );
      for (let event = 0; event < 12; event += 1) {
        const name = names[below(names.length)] ?? '';
        const isThere = mesh.nodes.some((beat) => beat.node === name);
        switch (below(5)) {
          case 0:
            if (mesh.nodes.length > 1) mesh.kill(name);
            break;
          case 1:
            if (!isThere) mesh.nodes.push(node(name));
            break;
          case 2:
            mesh.desired.push(...camera(100 + event));
            break;
          case 3:
            mesh.rules = [
              {
                id: String(event),
                name: 'random',
                match: { kinds: [['camera', 'recorder', 'analyzer'][below(3)] ?? ''] },
                nodes: random() < 0.5 ? { names: [name] } : { labels: { site: String(below(2)) } },
                isMust: random() < 0.3,
              },
            ];
            break;
          default:
            mesh.nodes = mesh.nodes.map((beat) =>
              beat.node === name ? { ...beat, isDraining: !beat.isDraining } : beat,
            );
        }
        mesh.settle();
        const before = JSON.stringify([...mesh.assignments]);
        expect(mesh.balance()).toEqual([]);
        mesh.takeOver();
        expect(JSON.stringify([...mesh.assignments])).toBe(before);
        expectNoTwins(mesh);
      }
    },
  );
});

function expectNoTwins(mesh: InstantMesh): void {
  const seen = new Set<string>();
  const hosts = new Map(mesh.nodes.map((beat) => [beat.node, beat]));
  for (const { name, kind, camera } of mesh.desired) {
    const node = mesh.nodeOf(name);
    const beat = node === undefined ? undefined : hosts.get(node);
    if (kind !== 'recorder' || beat === undefined || beat.isDraining) continue;
    const key = `${camera} ${beat.host}`;
    expect(seen).not.toContain(key);
    seen.add(key);
  }
}
