import { describe, expect, it } from 'vitest';
import { BeatRunner, NodeNameTaken } from '../../../src/mesh/beat-runner.ts';
import { BeatJudge, beatKey, BEATS_TO_DEATH } from '../../../src/mesh/beats.ts';
import { FakeBucket, ManualTimers, nodeBeat } from '../../support/mesh.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

describe('judge of beats', () => {
  it('calls a peer dead at the fifth own beat without one of its own, and alive again with the next', () => {
    const judge = new BeatJudge({ node: 'a', incarnation: 'a-1' });
    expect(judge.saw(nodeBeat('a'))).toBe(true);
    expect(judge.saw(nodeBeat('b'))).toBe(true);
    for (let own = 1; own < BEATS_TO_DEATH; own += 1) expect(judge.acknowledged()).toEqual([]);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(true);
    expect(judge.acknowledged().map(({ node }) => node)).toEqual(['b']);
    expect(judge.acknowledged()).toEqual([]);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(false);
    expect(judge.isAlive({ node: 'a', incarnation: 'a-1' })).toBe(true);
    expect(judge.saw(nodeBeat('b'))).toBe(false);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(false);
    expect(judge.saw(nodeBeat('b', { count: 2 }))).toBe(true);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(true);
  });

  it('takes a beat that was seen before for no sign of life, and a new incarnation for a new node', () => {
    const judge = new BeatJudge({ node: 'a', incarnation: 'a-1' });
    judge.saw(nodeBeat('b', { count: 7 }));
    for (let own = 1; own < BEATS_TO_DEATH; own += 1) judge.acknowledged();
    judge.saw(nodeBeat('b', { count: 7 }));
    judge.saw(nodeBeat('b', { count: 6 }));
    expect(judge.acknowledged()).toHaveLength(1);
    expect(judge.saw(nodeBeat('b', { incarnation: 'b-2' }))).toBe(true);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(false);
    expect(judge.isAlive({ node: 'b', incarnation: 'b-2' })).toBe(true);
  });

  it('counts nothing against anybody after a stall, but keeps the dead dead', () => {
    const judge = new BeatJudge({ node: 'a', incarnation: 'a-1' });
    judge.saw(nodeBeat('dead'));
    for (let own = 0; own < BEATS_TO_DEATH; own += 1) judge.acknowledged();
    judge.saw(nodeBeat('b'));
    for (let own = 1; own < BEATS_TO_DEATH; own += 1) judge.acknowledged();
    judge.stalled();
    expect(judge.acknowledged()).toEqual([]);
    expect(judge.isAlive({ node: 'dead', incarnation: 'dead-1' })).toBe(false);
  });

  it('makes a key of every name of a node', () => {
    expect(beatKey('cam-1_A')).toBe('node.cam-1_A');
    expect(beatKey('a.b..')).toBe('node.a=2Eb=2E=2E');
  });
});

interface Sim {
  readonly runner: BeatRunner;
  readonly timers: ManualTimers;
  readonly rivals: string[];
  readonly changes: () => number;
}

function simulated(bucket: FakeBucket, node: string, incarnation = `${node}-1`): Sim {
  const timers = new ManualTimers();
  const rivals: string[] = [];
  let changes = 0;
  const runner = new BeatRunner({
    bucket,
    self: { node, incarnation },
    describe: () => nodeBeat(node),
    onChange: () => (changes += 1),
    onRival: (rival) => rivals.push(rival.incarnation),
    log: quiet,
    timers,
  });
  return { runner, timers, rivals, changes: () => changes };
}

/** Each node's own time passes; those left out are frozen, as by SIGSTOP. */
async function pass(sims: readonly Sim[], ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 100) for (const { timers } of sims) await timers.pass(100);
}

const alive = ({ runner }: Sim): string[] =>
  runner.nodes.filter(({ isAlive }) => isAlive).map(({ beat }) => beat.node);

async function mesh(...nodes: string[]): Promise<{ bucket: FakeBucket; sims: Sim[] }> {
  const bucket = new FakeBucket();
  const sims = nodes.map((node) => simulated(bucket, node));
  for (const { runner } of sims) await runner.start();
  await pass(sims, 1_000);
  return { bucket, sims };
}

describe('beats', () => {
  it('shows all nodes to all, a death within 2.5 to 3.1 s, and nothing else', async () => {
    const { sims } = await mesh('a', 'b', 'c');
    const [a, b, c] = sims as [Sim, Sim, Sim];
    expect(sims.map(alive)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    await pass(sims, 60_000);
    expect(sims.map((sim) => sim.changes())).toEqual([3, 3, 3]);
    await pass([a, b], 1_900);
    expect(alive(a)).toEqual(['a', 'b', 'c']);
    await pass([a, b], 1_200);
    expect([alive(a), alive(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(c.runner.isHeard).toBe(true);
  });

  it('judges nobody while the store stalls, nor at once when it goes on', async () => {
    const { bucket, sims } = await mesh('a', 'b', 'c');
    bucket.stall();
    await pass(sims, 30_000);
    expect(sims.map((sim) => alive(sim).length)).toEqual([3, 3, 3]);
    expect(sims.every(({ runner }) => !runner.isHeard)).toBe(true);
    bucket.goOn();
    await pass(sims, 10_000);
    expect(sims.map((sim) => alive(sim).length)).toEqual([3, 3, 3]);
    expect(sims.map((sim) => sim.changes())).toEqual([3, 3, 3]);
    expect(sims.every(({ runner }) => runner.isHeard)).toBe(true);
  });

  it('sees who died during a stall once the store goes on', async () => {
    const { bucket, sims } = await mesh('a', 'b', 'c');
    bucket.stall();
    const rest = sims.slice(0, 2);
    await pass(rest, 5_000);
    bucket.goOn();
    await pass(rest, 3_500);
    expect(rest.map(alive)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('a node that was stopped for 30 s judges nobody dead when it goes on, and is alive again for the others', async () => {
    const { sims } = await mesh('a', 'b', 'c');
    const [a, b, c] = sims as [Sim, Sim, Sim];
    await pass([a, b], 30_000);
    expect(alive(a)).toEqual(['a', 'b']);
    expect(alive(c)).toEqual(['a', 'b', 'c']);
    await pass([a, b, c], 500);
    expect(sims.map((sim) => alive(sim).length)).toEqual([3, 3, 3]);
    await pass(sims, 10_000);
    expect(sims.map((sim) => alive(sim).length)).toEqual([3, 3, 3]);
  });

  it('does not care for clocks that jump or run at other speeds', async () => {
    const { sims } = await mesh('a', 'b');
    const [a, b] = sims as [Sim, Sim];
    for (let second = 0; second < 30; second += 1) {
      await a.timers.pass(1_000);
      await b.timers.pass(700);
    }
    await b.timers.pass(0);
    expect([alive(a), alive(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('begins a watch again that shows nothing, and judges nobody by it', async () => {
    const { bucket, sims } = await mesh('a', 'b');
    bucket.dropWatches();
    await pass(sims, 10_000);
    expect(sims.map((sim) => alive(sim).length)).toEqual([2, 2]);
    expect(sims.map((sim) => sim.changes())).toEqual([2, 2]);
    await pass(sims.slice(0, 1), 4_000);
    expect(sims.slice(0, 1).map(alive)).toEqual([['a']]);
  });

  it('is gone at once when it leaves', async () => {
    const { sims } = await mesh('a', 'b');
    await sims[1]?.runner.stop();
    expect(sims.slice(0, 1).map(alive)).toEqual([['a']]);
  });

  it('refuses a name that is alive, takes one that is not, and tells of a rival', async () => {
    const { bucket, sims } = await mesh('a', 'b');
    const second = simulated(bucket, 'b', 'b-2');
    const start = second.runner.start();
    await Promise.all([pass([...sims, second], 2_000), expect(start).rejects.toBeInstanceOf(NodeNameTaken)]);
    const [a] = sims as [Sim, Sim];
    const again = simulated(bucket, 'b', 'b-3');
    const started = again.runner.start();
    await pass([a, again], 3_000);
    await started;
    expect(a.runner.isAlive({ node: 'b', incarnation: 'b-3' })).toBe(true);
    expect(a.runner.isAlive({ node: 'b', incarnation: 'b-1' })).toBe(false);
    await pass(sims, 1_000);
    expect(again.rivals).toContain('b-1');
  });
});
