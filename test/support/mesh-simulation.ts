import type { Beat } from '../../src/mesh/beats.ts';
import { balance, type Move } from '../../src/mesh/balance.ts';
import type { Owner, Ownership } from '../../src/mesh/ownership.ts';
import type { PlaceableActor, PlacementRule } from '../../src/mesh/placement-rules.ts';
import { type MeshView, planMesh } from '../../src/mesh/reconcile.ts';
import { plenty } from './mesh.ts';

const demand = { packets: 0, infoBytes: 600, diskBytes: 0, pictures: 0 };

/** Camera, recorders and analyzer of one camera. */
export function actorsOf(
  camera: string,
  { replicas = 1, packets = 100, cameraLabels = {}, tasks = ['objects'] } = {},
): PlaceableActor[] {
  const shared = { camera, cameraLabels, labels: {}, tasks: [] };
  return [
    {
      ...shared,
      name: `camera.${camera}`,
      kind: 'camera',
      role: 'ingest',
      staysWithCamera: true,
      demand: { ...demand, packets },
    },
    ...Array.from({ length: replicas }, (_, replica) => ({
      ...shared,
      name: `recorder.${camera}.${String(replica)}`,
      kind: 'recorder',
      role: 'record',
      apart: 'recorder',
      staysWithCamera: true,
      demand: { ...demand, packets: packets / 4, diskBytes: 1e9 },
    })),
    {
      ...shared,
      name: `analyzer.${camera}`,
      kind: 'analyzer',
      role: 'analyze',
      tasks,
      staysWithCamera: false,
      demand: { ...demand, pictures: 1 },
    },
  ];
}

/** A mesh in which everything that is decided happens at once. */
export class InstantMesh {
  nodes: Beat[];
  desired: PlaceableActor[];
  rules: PlacementRule[] = [];
  readonly assignments = new Map<string, Ownership>();

  constructor(nodes: Beat[], desired: PlaceableActor[]) {
    this.nodes = nodes;
    this.desired = desired;
  }

  get view(): MeshView {
    const { nodes, assignments, desired, rules } = this;
    return { nodes, assignments, desired, rules };
  }

  /** Takes all over that can be; returns what was taken, and what could not. */
  takeOver(): { taken: string[]; unplaced: string[] } {
    const plan = planMesh(this.view);
    for (const { actor, ranking } of plan.orphans) {
      const [first] = ranking;
      if (first !== undefined) this.own(actor.name, this.ownerOn(first.node), first.reasons);
    }
    return {
      taken: plan.orphans.map(({ actor }) => actor.name),
      unplaced: plan.unplaced.map(({ actor }) => actor),
    };
  }

  /** One pass of the balancer, done at once. */
  balance(moves = 6): readonly Move[] {
    const view = this.view;
    const decided = balance(view, planMesh(view), { moves, now: 0 }).moves;
    for (const { actor, to, reasons } of decided) this.own(actor, to, reasons);
    return decided;
  }

  /** Passes until nothing moves. @throws Error when that takes more than `most` */
  settle(most = 500): number {
    let moved = 0;
    for (let pass = 0; pass < most; pass += 1) {
      this.takeOver();
      const moves = this.balance();
      if (moves.length === 0) return moved;
      moved += moves.length;
    }
    throw new Error(`still moving after ${String(most)} passes`);
  }

  kill(...nodes: string[]): void {
    this.nodes = this.nodes.filter(({ node }) => !nodes.includes(node));
  }

  own(actor: string, owner: Owner, reasons: readonly string[] = []): void {
    const epoch = (this.assignments.get(actor)?.epoch ?? 0) + 1;
    this.assignments.set(actor, { owner, epoch, since: '2026-01-01T00:00:00Z', reasons });
  }

  ownerOn(node: string): Owner {
    const beat = this.nodes.find((other) => other.node === node);
    if (beat === undefined) throw new Error(`no node ${node}`);
    return { node, incarnation: beat.incarnation };
  }

  /** Where an actor runs. */
  nodeOf(actor: string): string | undefined {
    const owner = this.assignments.get(actor)?.owner;
    return owner != null && this.nodes.some(({ incarnation }) => incarnation === owner.incarnation)
      ? owner.node
      : undefined;
  }

  count(node: string): number {
    return this.desired.filter(({ name }) => this.nodeOf(name) === node).length;
  }
}

export const roomFor = (cameras: number) => ({ ...plenty, packets: cameras * 125 });
