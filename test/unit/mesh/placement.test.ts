import { describe, expect, it } from 'vitest';
import { MinHeap } from '../../../src/mesh/min-heap.ts';
import type { PlacementRule } from '../../../src/mesh/placement-rules.ts';
import { planMesh, RANK_WAIT_MS, stepsOf, whatIf, whyHere } from '../../../src/mesh/reconcile.ts';
import { nodeBeat, plenty } from '../../support/mesh.ts';
import { actorsOf, InstantMesh, roomFor } from '../../support/mesh-simulation.ts';
import { seeded } from '../../support/random.ts';

const cameras = (count: number, options: Parameters<typeof actorsOf>[1] = {}) =>
  Array.from({ length: count }, (_, index) => actorsOf(`cam${String(index)}`, options)).flat();

describe('placement', () => {
  it('keeps the actors of a camera together and spreads the cameras', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b'), nodeBeat('c')], cameras(30));
    expect(mesh.takeOver().unplaced).toEqual([]);
    for (let index = 0; index < 30; index += 1) {
      const node = mesh.nodeOf(`camera.cam${String(index)}`);
      expect(mesh.nodeOf(`recorder.cam${String(index)}.0`)).toBe(node);
      expect(mesh.nodeOf(`analyzer.cam${String(index)}`)).toBe(node);
    }
    expect(['a', 'b', 'c'].map((node) => mesh.count(node))).toEqual([30, 30, 30]);
    expect(mesh.balance()).toEqual([]);
  });

  it('puts archives on A, faces on B and the rest on C, changes it while running, and goes on when A is dead', () => {
    const mesh = new InstantMesh(
      [nodeBeat('A'), nodeBeat('B', { labels: { gpu: 'yes' } }), nodeBeat('C')],
      cameras(9, { tasks: ['faces'] }),
    );
    const rules: PlacementRule[] = [
      {
        id: '1',
        name: 'archives on A',
        match: { kinds: ['recorder'] },
        nodes: { names: ['A'] },
        isMust: false,
      },
      {
        id: '2',
        name: 'faces on B',
        match: { tasks: ['faces'] },
        nodes: { labels: { gpu: 'yes' } },
        isMust: true,
      },
      {
        id: '3',
        name: 'streaming on C',
        match: { kinds: ['camera'] },
        nodes: { names: ['C'] },
        isMust: false,
      },
    ];
    mesh.takeOver();
    mesh.rules = rules;
    mesh.settle();
    const where = (kind: string) =>
      new Set(mesh.desired.filter((actor) => actor.kind === kind).map(({ name }) => mesh.nodeOf(name)));
    expect(['recorder', 'analyzer', 'camera'].map(where)).toEqual([
      new Set(['A']),
      new Set(['B']),
      new Set(['C']),
    ]);
    expect(mesh.balance()).toEqual([]);
    expect(whyHere(mesh.view, 'recorder.cam1.0')?.candidates[0]).toMatchObject({
      node: 'A',
      reasons: expect.arrayContaining(['the rule "archives on A" names it']) as unknown,
    });
    mesh.kill('A', 'B');
    expect(new Set(mesh.takeOver().unplaced)).toEqual(
      new Set(Array.from({ length: 9 }, (_, index) => `analyzer.cam${String(index)}`)),
    );
    expect(where('recorder')).toEqual(new Set(['C']));
    const refused = planMesh(mesh.view).unplaced[0]?.refused;
    expect(refused).toEqual([{ node: 'C', reason: 'the rule "faces on B" forbids it' }]);
  });

  it('refuses by role, label, reach, GPU, host and capacity, and says which', () => {
    const [camera, recorder, second, analyzer] = actorsOf('x', { replicas: 2 });
    if (!camera || !recorder || !second || !analyzer) throw new Error('no actors');
    const desired = [
      { ...camera, reach: 'dmz', labels: { site: 'b' } },
      recorder,
      second,
      { ...analyzer, gpu: true },
    ];
    const mesh = new InstantMesh(
      [
        nodeBeat('far', { labels: { site: 'b' }, capacity: { ...plenty, reaches: ['lan'] } }),
        nodeBeat('good', { labels: { site: 'b' }, host: 'h1' }),
        nodeBeat('small', { labels: { site: 'b' }, capacity: { ...plenty, packets: 99, diskBytes: 1 } }),
        nodeBeat('twin', { roles: ['record'], host: 'h1' }),
        nodeBeat('viewer', { roles: ['gateway'] }),
      ],
      desired,
    );
    expect(mesh.takeOver().unplaced).toEqual(['analyzer.x']);
    expect(mesh.nodeOf('camera.x')).toBe('good');
    expect(mesh.nodeOf('recorder.x.0')).toBe('good');
    expect(mesh.nodeOf('recorder.x.1')).toBe('far');
    const refusals = (actor: string) =>
      Object.fromEntries(whyHere(mesh.view, actor)?.refused.map(({ node, reason }) => [node, reason]) ?? []);
    expect(refusals('camera.x')).toEqual({
      far: 'it does not reach the network dmz',
      small: 'it has room for 99 packets per second, of 100 needed',
      twin: 'it has not the role ingest',
      viewer: 'it has not the role ingest',
    });
    expect(refusals('recorder.x.1')).toMatchObject({
      good: 'its host h1 has recorder.x.0 already',
      twin: 'its host h1 has recorder.x.0 already',
      small: 'it has room for 1 bytes on disk, of 1000000000 needed',
    });
    expect(refusals('analyzer.x')['good']).toBe('it has no GPU');
  });

  it('says what would not fit if a node died', () => {
    const nodes = ['a', 'b', 'c'].map((node) => nodeBeat(node, { capacity: roomFor(10) }));
    const mesh = new InstantMesh(nodes, cameras(24));
    mesh.takeOver();
    const { moves, unplaced } = whatIf(mesh.view, ['a']);
    expect(moves.every(({ from, to }) => from === 'a' && to !== 'a')).toBe(true);
    const left = new Set(unplaced.map(({ actor }) => actor.split('.')[1]));
    expect(left.size).toBeGreaterThanOrEqual(4);
    expect(left.size).toBeLessThanOrEqual(8);
    expect(unplaced[0]?.refused.every(({ reason }) => reason.startsWith('it has room for'))).toBe(true);
    expect(mesh.nodeOf('camera.cam0')).toBeDefined();
  });

  it('ranks who takes over: the first at once, each other 300 ms later, and the same on every node', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b'), nodeBeat('c')], cameras(3));
    mesh.takeOver();
    mesh.kill('a');
    const plan = planMesh(mesh.view);
    expect(plan.orphans.map(({ actor }) => actor.name)).toEqual([
      'camera.cam0',
      'recorder.cam0.0',
      'analyzer.cam0',
    ]);
    const steps = ['b', 'c'].map((node) => stepsOf(mesh.view, planMesh(mesh.view), mesh.ownerOn(node)));
    for (let at = 0; at < plan.orphans.length; at += 1) {
      expect(steps.map(({ take }) => take[at]?.afterMs).toSorted()).toEqual([0, RANK_WAIT_MS]);
      expect(steps[0]?.take[at]?.instead).toEqual({ node: 'a', incarnation: 'a-1' });
    }
  });

  it('goes back to a node that restarted, and gives up what nobody wants', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b')], cameras(4));
    mesh.takeOver();
    const before = mesh.desired.map(({ name }) => [name, mesh.nodeOf(name)]);
    mesh.nodes = [nodeBeat('a'), nodeBeat('b', { incarnation: 'b-2' })];
    mesh.takeOver();
    expect(mesh.desired.map(({ name }) => [name, mesh.nodeOf(name)])).toEqual(before);
    mesh.desired = mesh.desired.filter(({ camera }) => camera !== 'cam0');
    const owner = mesh.ownerOn(String(before[0]?.[1]));
    expect(stepsOf(mesh.view, planMesh(mesh.view), owner).release.toSorted()).toEqual([
      'analyzer.cam0',
      'camera.cam0',
      'recorder.cam0.0',
    ]);
  });

  it('prefers who prepared it already', () => {
    const mesh = new InstantMesh([nodeBeat('a'), nodeBeat('b'), nodeBeat('c')], cameras(1));
    for (const { name } of mesh.desired) mesh.own(name, mesh.ownerOn('a'));
    const moving = mesh.assignments.get('camera.cam0');
    if (moving === undefined) throw new Error('no assignment');
    const next = { ...mesh.ownerOn('c'), epoch: 2, deadline: '2026-01-01T00:00:00Z', reasons: ['moving'] };
    mesh.assignments.set('camera.cam0', { ...moving, next });
    expect(stepsOf(mesh.view, planMesh(mesh.view), mesh.ownerOn('c')).prepare).toEqual(['camera.cam0']);
    mesh.kill('a');
    expect(planMesh(mesh.view).orphans[0]?.ranking.map(({ node }) => node)).toEqual(['c', 'b']);
  });
});

describe('heap', () => {
  it('gives the least of now, whatever rose meanwhile', () => {
    const random = seeded(3);
    const heap = new MinHeap<number>((a, b) => a - b);
    const keys = Array.from({ length: 200 }, () => Math.floor(random() * 50));
    keys.forEach((key, item) => heap.push(item, key));
    for (let item = 0; item < keys.length; item += 3)
      keys[item] = (keys[item] ?? 0) + Math.floor(random() * 50);
    const popped: number[] = [];
    for (;;) {
      const item = heap.pop((of) => keys[of] ?? 0);
      if (item === undefined) break;
      popped.push(item);
    }
    const expected = keys.map((_, item) => item).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
    expect(popped).toEqual(expected);
  });
});
