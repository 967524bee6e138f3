import type { Owner, Ownership } from './ownership.ts';
import type { Placement } from './placement.ts';
import type { PlaceableActor } from './placement-rules.ts';
import { isAlive, type MeshView, type Plan } from './reconcile.ts';

export interface Move {
  readonly actor: string;
  readonly from: Owner;
  readonly epoch: number;
  readonly to: Owner;
  readonly reasons: readonly string[];
}

export interface Balance {
  /** To be prepared make-before-break. */
  readonly moves: readonly Move[];
  /** Preparations to give up: too late, or their node died, or nobody wants the actor. */
  readonly abandon: readonly { readonly actor: string; readonly epoch: number }[];
}

export interface BalanceLimits {
  /** Moves under way at a time. */
  readonly moves: number;
  /** Milliseconds since 1970, of whoever leads the moves; deadlines are its own. */
  readonly now: number;
}

/** Loads of two nodes may differ by this share of the heavier one: below it nothing moves, so that nothing flaps. */
const HYSTERESIS = 0.25;
const GROUPS_TRIED = 20;
const HOT_TRIED = 3;

interface Running {
  readonly actor: PlaceableActor;
  readonly owner: Owner;
  readonly epoch: number;
}

/** What should be moved now. One node at a time does this, the holder of the lease `balancer`. Changes `plan.placement`. */
export function balance(view: MeshView, plan: Plan, limits: BalanceLimits): Balance {
  const mover = new Mover(view, plan.placement, limits);
  mover.mend();
  if (plan.orphans.length === 0) mover.level();
  return { moves: mover.moves, abandon: mover.abandon };
}

class Mover {
  readonly moves: Move[] = [];
  readonly abandon: { actor: string; epoch: number }[] = [];
  readonly #placement: Placement;
  readonly #incarnations: Map<string, string>;
  readonly #running: Running[] = [];
  #room: number;

  constructor(view: MeshView, placement: Placement, { moves, now }: BalanceLimits) {
    this.#placement = placement;
    this.#room = moves;
    this.#incarnations = new Map(view.nodes.map(({ node, incarnation }) => [node, incarnation]));
    const alive = new Map(view.nodes.map((beat) => [beat.node, beat]));
    const desired = new Map(view.desired.map((actor) => [actor.name, actor]));
    for (const [name, ownership] of view.assignments) {
      const actor = desired.get(name);
      const { owner, epoch, next } = ownership;
      if (next !== undefined) {
        const isUseless = actor === undefined || !isAlive(alive, next) || Date.parse(next.deadline) <= now;
        if (isUseless) this.abandon.push({ actor: name, epoch: next.epoch });
        else this.#room -= 1;
      } else if (actor !== undefined && owner !== null && isAlive(alive, owner)) {
        this.#running.push({ actor, owner, epoch });
      }
    }
    this.#countPrepared(view.assignments, desired);
  }

  /** What must not be where it is, or clearly belongs elsewhere. */
  mend(): void {
    for (const running of this.#running) {
      if (this.#room <= 0) return;
      const { actor, owner } = running;
      if (this.#placement.isWell(actor, owner.node)) continue;
      this.#placement.remove(actor, owner.node);
      const reason = this.#placement.refusal(actor, owner.node);
      const target = this.#target(running, reason !== undefined);
      this.#placement.put(actor, target ?? owner.node);
      if (target !== undefined) {
        this.#move(
          running,
          target,
          reason === undefined
            ? `it belongs rather to ${target} than to ${owner.node}`
            : `${owner.node}: ${reason}`,
        );
      }
    }
  }

  /** Whole groups of a camera's actors go from the heaviest nodes to lighter ones. */
  level(): void {
    const groups = this.#groups();
    while (this.#room > 0) {
      const hot = this.#placement.nodesByLoad.slice(0, HOT_TRIED);
      if (!hot.some((node) => this.#lighten(node, groups.get(node) ?? []))) return;
    }
  }

  #target({ actor, owner }: Running, mustGo: boolean): string | undefined {
    const here = mustGo ? Number.POSITIVE_INFINITY : this.#placement.structuralCost(actor, owner.node);
    const [found] = this.#placement.rank(actor, 1, owner.node);
    if (found === undefined || found.node === owner.node) return undefined;
    return this.#placement.structuralCost(actor, found.node) < here ? found.node : undefined;
  }

  #lighten(hot: string, groups: Running[][]): boolean {
    const before = this.#placement.loadOf(hot);
    for (let tried = 0; tried < Math.min(GROUPS_TRIED, groups.length); tried += 1) {
      const group = groups[tried] ?? [];
      if (group.length > this.#room) continue;
      for (const { actor } of group) this.#placement.remove(actor, hot);
      const target = this.#lighterNode(hot, before, group);
      for (const { actor } of group) this.#placement.put(actor, target ?? hot);
      if (target === undefined) continue;
      groups.splice(tried, 1);
      const load = `${hot} was at ${Math.round(before * 100)} %`;
      for (const running of group) this.#move(running, target, load);
      return true;
    }
    return false;
  }

  /** Lighter by more than the hysteresis, and afterwards still not heavier than the other is then. */
  #lighterNode(hot: string, before: number, group: readonly Running[]): string | undefined {
    const [first] = group;
    if (first === undefined) return undefined;
    const after = this.#placement.loadOf(hot);
    const found = this.#placement.rank(first.actor, 2, undefined).find(({ node }) => node !== hot);
    if (found === undefined) return undefined;
    const { node } = found;
    if (before - this.#placement.loadOf(node) <= HYSTERESIS * before) return undefined;
    const put: PlaceableActor[] = [];
    let fits = true;
    for (const { actor } of group) {
      fits &&=
        this.#placement.refusal(actor, node) === undefined &&
        this.#placement.structuralCost(actor, node) <= this.#placement.structuralCost(actor, hot);
      if (!fits) break;
      this.#placement.put(actor, node);
      put.push(actor);
    }
    fits &&= this.#placement.loadOf(node) <= after;
    for (const actor of put) this.#placement.remove(actor, node);
    return fits ? node : undefined;
  }

  /** By node: the actors of one camera that run there and do not move yet. */
  #groups(): Map<string, Running[][]> {
    const moving = new Set(this.moves.map(({ actor }) => actor));
    const byNode = new Map<string, Map<string, Running[]>>();
    for (const running of this.#running) {
      if (moving.has(running.actor.name)) continue;
      const { node } = running.owner;
      const cameras = byNode.get(node) ?? new Map<string, Running[]>();
      byNode.set(node, cameras);
      const group = cameras.get(running.actor.camera);
      if (group === undefined) cameras.set(running.actor.camera, [running]);
      else group.push(running);
    }
    return new Map([...byNode].map(([node, cameras]) => [node, [...cameras.values()]]));
  }

  #move({ actor, owner, epoch }: Running, target: string, reason: string): void {
    const incarnation = this.#incarnations.get(target);
    if (incarnation === undefined) return;
    this.#room -= 1;
    const to = { node: target, incarnation };
    this.moves.push({ actor: actor.name, from: owner, epoch, to, reasons: [reason] });
  }

  /** What is prepared takes its place already, and leaves the other. */
  #countPrepared(
    assignments: ReadonlyMap<string, Ownership>,
    desired: ReadonlyMap<string, PlaceableActor>,
  ): void {
    const given = new Set(this.abandon.map(({ actor }) => actor));
    for (const [name, { owner, next }] of assignments) {
      const actor = desired.get(name);
      if (actor === undefined || owner === null || next === undefined || given.has(name)) continue;
      this.#placement.remove(actor, owner.node);
      this.#placement.put(actor, next.node);
    }
  }
}
