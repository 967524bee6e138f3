import { type Beat, BeatJudge } from '../../src/mesh/beats.ts';
import { BEAT_EVERY_MS } from '../../src/mesh/beat-runner.ts';
import type { Owner } from '../../src/mesh/ownership.ts';
import { type MeshView, planMesh, type Steps, stepsOf } from '../../src/mesh/reconcile.ts';
import { nodeBeat } from './mesh.ts';
import { actorsOf, InstantMesh, roomFor } from './mesh-simulation.ts';
import { seeded } from './random.ts';

export interface MassDeath {
  /** Simulated seconds from the deaths until every actor has a living owner. */
  readonly placedAfterSeconds: number;
  readonly orphans: number;
  /** Changes of owner, those of the balancer afterwards too. */
  readonly moves: number;
  readonly passes: number;
  readonly unplaced: number;
  /** Claims that came too late: somebody else had it. */
  readonly lostClaims: number;
}

/** One claim at a node: a read and a compare-and-set through three servers. Milliseconds. */
const CLAIM_MS = 5;
const CLAIMS_AT_ONCE = 16;
/** A node looks again so long after something changed, and after each pass with open claims. */
const LOOK_MS = 50;
const AGAIN_MS = 1_000;
const GIVE_UP_MS = 60_000;

export function bigMesh(nodes: number, cameras: number): InstantMesh {
  const name = (index: number) => `n${String(index).padStart(4, '0')}`;
  return new InstantMesh(
    Array.from({ length: nodes }, (_, index) =>
      nodeBeat(name(index), {
        capacity: { ...roomFor((2 * cameras) / nodes), pictures: 1_000, diskBytes: 1e13 },
      }),
    ),
    Array.from({ length: cameras }, (_, index) => actorsOf(`cam${String(index)}`)).flat(),
  );
}

/**
 * Nodes die at once in a full mesh. Every survivor judges by the beats that it sees and runs its own passes over what the
 * store holds at that moment; only the time is simulated.
 */
export function massDeath(mesh: InstantMesh, dying: number, seed = 1): MassDeath {
  mesh.takeOver();
  mesh.settle();
  const random = seeded(seed);
  const dead = new Set<string>();
  while (dead.size < dying) dead.add(mesh.nodes[Math.floor(random() * mesh.nodes.length)]?.node ?? '');
  const orphans = mesh.desired.filter(({ name }) => dead.has(mesh.nodeOf(name) ?? '')).length;
  const run = new Run(mesh, dead, random);
  mesh.kill(...dead);
  const placedAfterMs = run.untilPlaced();
  const balanced = mesh.settle();
  return {
    placedAfterSeconds: placedAfterMs / 1_000,
    orphans,
    moves: run.claimed + balanced,
    passes: run.passes,
    unplaced: mesh.desired.filter(({ name }) => mesh.nodeOf(name) === undefined).length,
    lostClaims: run.lost,
  };
}

class Run {
  claimed = 0;
  lost = 0;
  passes = 0;
  readonly #mesh: InstantMesh;
  readonly #survivors: Survivor[];
  readonly #queue: { readonly at: number; readonly run: () => void }[] = [];
  #now = 0;
  #open: Set<string>;

  constructor(mesh: InstantMesh, dead: ReadonlySet<string>, random: () => number) {
    this.#mesh = mesh;
    const all = mesh.nodes;
    this.#open = new Set(
      mesh.desired.filter(({ name }) => dead.has(mesh.nodeOf(name) ?? '')).map(({ name }) => name),
    );
    this.#survivors = all
      .filter(({ node }) => !dead.has(node))
      .map((beat) => ({ beat, judge: new BeatJudge(beat), count: 1, isLooking: false }));
    for (const survivor of this.#survivors) {
      for (const beat of all) survivor.judge.saw(beat);
      const first = random() * BEAT_EVERY_MS;
      this.#at(first, () => this.#beat(survivor));
    }
  }

  /** Milliseconds; -1 when it did not come to that. */
  untilPlaced(): number {
    while (this.#open.size > 0 && this.#now < GIVE_UP_MS) {
      const next = this.#queue.shift();
      if (next === undefined) return -1;
      this.#now = next.at;
      next.run();
    }
    return this.#open.size === 0 ? this.#now : -1;
  }

  #beat(survivor: Survivor): void {
    survivor.count += 1;
    const beat = { ...survivor.beat, count: survivor.count };
    for (const { judge } of this.#survivors) judge.saw(beat);
    if (survivor.judge.acknowledged().length > 0) this.#look(survivor, LOOK_MS);
    this.#at(BEAT_EVERY_MS, () => this.#beat(survivor));
  }

  #look(survivor: Survivor, afterMs: number): void {
    if (survivor.isLooking) return;
    survivor.isLooking = true;
    this.#at(afterMs, () => {
      survivor.isLooking = false;
      this.#pass(survivor);
    });
  }

  #pass(survivor: Survivor): void {
    const alive = survivor.judge.nodes.filter(({ isAlive }) => isAlive).map(({ beat }) => beat);
    const view: MeshView = { ...this.#mesh.view, nodes: alive };
    const { take } = stepsOf(view, planMesh(view), survivor.beat);
    this.passes += 1;
    take.forEach((step, index) => {
      const waits = step.afterMs + (1 + Math.floor(index / CLAIMS_AT_ONCE)) * CLAIM_MS;
      this.#at(waits, () => this.#claim(step, survivor.beat));
    });
    if (take.length > 0) this.#look(survivor, AGAIN_MS);
  }

  #claim({ actor, instead, reasons }: Steps['take'][number], { node, incarnation }: Owner): void {
    const owner = this.#mesh.assignments.get(actor)?.owner ?? null;
    if (owner?.incarnation !== instead?.incarnation) {
      this.lost += 1;
      return;
    }
    this.#mesh.own(actor, { node, incarnation }, reasons);
    this.claimed += 1;
    this.#open.delete(actor);
  }

  #at(afterMs: number, run: () => void): void {
    const at = this.#now + afterMs;
    let low = 0;
    for (let high = this.#queue.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#queue[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, { at, run });
  }
}

interface Survivor {
  readonly beat: Beat;
  readonly judge: BeatJudge;
  count: number;
  isLooking: boolean;
}
