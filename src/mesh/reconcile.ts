import type { Beat } from './beats.ts';
import { isSame, type Owner, type Ownership } from './ownership.ts';
import { type Candidate, type Explanation, Placement } from './placement.ts';
import type { PlaceableActor, PlacementRule } from './placement-rules.ts';

/** What one pass is decided from: the same on every node that sees the same revision of the store. */
export interface MeshView {
  /** Those alive. */
  readonly nodes: readonly Beat[];
  readonly assignments: ReadonlyMap<string, Ownership>;
  readonly desired: readonly PlaceableActor[];
  readonly rules: readonly PlacementRule[];
}

export interface Orphan {
  readonly actor: PlaceableActor;
  /** Who owned it, dead now; null when nobody did. What the takeover must find unchanged. */
  readonly instead: Owner | null;
  /** Who takes it: the first at once, the others one after another if it does not. */
  readonly ranking: readonly Candidate[];
}

export interface Plan {
  readonly orphans: readonly Orphan[];
  /** What no living node can host, and why each cannot. */
  readonly unplaced: readonly { readonly actor: string; readonly refused: Explanation['refused'] }[];
  /** With what runs and what is to be taken. */
  readonly placement: Placement;
}

/** Those who wait to take an actor over when the first does not. */
const RANKED = 4;
/** So long each rank waits for those before it. Milliseconds. */
export const RANK_WAIT_MS = 300;

/** What is to be taken by whom. n log n in actors and nodes. */
export function planMesh(view: MeshView): Plan {
  const alive = new Map(view.nodes.map((beat) => [beat.node, beat]));
  const placement = new Placement(view.nodes, view.rules);
  const waiting: PlaceableActor[] = [];
  for (const actor of view.desired) {
    const ownership = view.assignments.get(actor.name);
    if (ownership?.owner && isAlive(alive, ownership.owner)) placement.put(actor, ownership.owner.node);
    else waiting.push(actor);
  }
  const orphans: Orphan[] = [];
  const unplaced: Plan['unplaced'][number][] = [];
  for (const actor of waiting.sort(inOrder)) {
    const ownership = view.assignments.get(actor.name);
    const instead = ownership?.owner ?? null;
    const ranking = rankingOf(placement, actor, ownership, alive);
    const [first] = ranking;
    if (first === undefined) {
      unplaced.push({
        actor: actor.name,
        get refused() {
          return placement.explain(actor).refused;
        },
      });
    } else {
      orphans.push({ actor, instead, ranking });
      placement.put(actor, first.node);
    }
  }
  return { orphans, unplaced, placement };
}

export interface Steps {
  /** Claim each after its wait, unless somebody has it by then. */
  readonly take: readonly {
    readonly actor: string;
    readonly instead: Owner | null;
    readonly afterMs: number;
    readonly reasons: readonly string[];
  }[];
  /** Owned here, and wanted no more. */
  readonly release: readonly string[];
  /** Others run these; they are to be begun here and promoted, under the epoch of `next`. */
  readonly prepare: readonly string[];
}

/** What one node has to do about it. */
export function stepsOf(view: MeshView, plan: Plan, self: Owner): Steps {
  const release = new Set<string>();
  const prepare = new Set<string>();
  for (const [actor, { owner, next }] of view.assignments) {
    if (owner !== null && isSame(owner, self)) release.add(actor);
    if (next !== undefined && isSame(next, self)) prepare.add(actor);
  }
  const wanted: string[] = [];
  for (const { name } of view.desired) {
    release.delete(name);
    if (prepare.has(name)) wanted.push(name);
  }
  return {
    take: plan.orphans.flatMap(({ actor, instead, ranking }) => {
      const rank = ranking.findIndex(({ node }) => node === self.node);
      const reasons = ranking[rank]?.reasons;
      return reasons === undefined
        ? []
        : [{ actor: actor.name, instead, afterMs: rank * RANK_WAIT_MS, reasons }];
    }),
    release: [...release],
    prepare: wanted,
  };
}

/** Why an actor is where it is, and where else it could be. Undefined when nobody wants it. */
export function whyHere(view: MeshView, actor: string): Explanation | undefined {
  const found = view.desired.find(({ name }) => name === actor);
  return (
    found && planMesh(view).placement.explain(found, view.assignments.get(actor)?.owner?.node ?? undefined)
  );
}

export interface WhatIf {
  readonly moves: readonly {
    readonly actor: string;
    readonly from: string | null;
    readonly to: string;
    readonly reasons: readonly string[];
  }[];
  readonly unplaced: Plan['unplaced'];
}

/** Who would take what if these nodes died now, and what would not fit. */
export function whatIf(view: MeshView, dead: readonly string[]): WhatIf {
  const plan = planMesh({ ...view, nodes: view.nodes.filter(({ node }) => !dead.includes(node)) });
  return {
    moves: plan.orphans.flatMap(({ actor, instead, ranking: [first] }) =>
      first === undefined
        ? []
        : [{ actor: actor.name, from: instead?.node ?? null, to: first.node, reasons: first.reasons }],
    ),
    unplaced: plan.unplaced,
  };
}

export const isAlive = (alive: ReadonlyMap<string, Beat>, owner: Owner): boolean =>
  alive.get(owner.node)?.incarnation === owner.incarnation;

/** Who prepares it already comes first. */
function rankingOf(
  placement: Placement,
  actor: PlaceableActor,
  ownership: Ownership | undefined,
  alive: ReadonlyMap<string, Beat>,
): Candidate[] {
  const ranking = placement.rank(actor, RANKED, ownership?.owner?.node);
  const next = ownership?.next;
  if (next === undefined || !isAlive(alive, next)) return ranking;
  const prepared = { node: next.node, cost: Number.NEGATIVE_INFINITY, reasons: next.reasons };
  return [prepared, ...ranking.filter(({ node }) => node !== next.node)];
}

const KINDS = ['camera', 'recorder', 'analyzer'];
const kindOrder = ({ kind }: PlaceableActor): number => {
  const at = KINDS.indexOf(kind);
  return at === -1 ? KINDS.length : at;
};

/** By camera, what others depend on first. */
function inOrder(a: PlaceableActor, b: PlaceableActor): number {
  if (a.camera !== b.camera) return a.camera < b.camera ? -1 : 1;
  return kindOrder(a) - kindOrder(b) || (a.name < b.name ? -1 : 1);
}
