import type { Beat } from './beats.ts';
import { MinHeap } from './min-heap.ts';
import {
  type Demand,
  type PlaceableActor,
  type PlacementRule,
  ruleMatches,
  ruleNames,
  unfit,
} from './placement-rules.ts';

export interface Candidate {
  readonly node: string;
  /** Lower is better. Rules weigh more than being together, that more than load. */
  readonly cost: number;
  readonly reasons: readonly string[];
}

export interface Explanation {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  readonly refused: readonly { readonly node: string; readonly reason: string }[];
}

/** Parts of the cost. Differences of a whole one are worth a move; those of load are weighed by the balancer. */
const COST = { rule: -10, together: -5, near: -0.25, sticky: -0.15, overloaded: 0.9 } as const;
const DIMENSIONS = ['packets', 'infoBytes', 'diskBytes', 'pictures'] as const satisfies (keyof Demand)[];

interface Place {
  readonly beat: Beat;
  readonly used: Record<keyof Demand, number>;
  load: number;
}

/** An actor that is counted on a node. */
interface Put {
  readonly actor: PlaceableActor;
  readonly node: string;
}

/** The nodes to choose from for actors that ask for the same. */
interface Choice {
  readonly rules: readonly PlacementRule[];
  readonly preferring: readonly PlacementRule[];
  readonly heap: MinHeap<Place>;
}

/**
 * Who runs where, and who could run where: the same judgement for taking over, for "why here", for "what if", and for
 * moves. Knows nothing of time. Equal input gives equal answers on every node.
 */
export class Placement {
  readonly #places = new Map<string, Place>();
  readonly #rules: readonly PlacementRule[];
  readonly #choices = new Map<string, Choice>();
  readonly #choiceOf = new Map<PlaceableActor, Choice>();
  readonly #byCamera = new Map<string, Put[]>();

  constructor(nodes: readonly Beat[], rules: readonly PlacementRule[]) {
    for (const beat of nodes) {
      const used = { packets: 0, infoBytes: 0, diskBytes: 0, pictures: 0 };
      this.#places.set(beat.node, { beat, used, load: 0 });
    }
    this.#rules = rules;
  }

  /** Counts an actor on a node; unknown nodes are passed over. */
  put(actor: PlaceableActor, node: string): void {
    const place = this.#places.get(node);
    if (place === undefined) return;
    for (const dimension of DIMENSIONS) place.used[dimension] += actor.demand[dimension];
    place.load = loadOf(place);
    const together = this.#byCamera.get(actor.camera);
    if (together === undefined) this.#byCamera.set(actor.camera, [{ actor, node }]);
    else together.push({ actor, node });
  }

  remove(actor: PlaceableActor, node: string): void {
    const place = this.#places.get(node);
    if (place === undefined) return;
    for (const dimension of DIMENSIONS) place.used[dimension] -= actor.demand[dimension];
    place.load = loadOf(place);
    const together = this.#byCamera.get(actor.camera);
    const at = together?.findIndex((put) => put.actor === actor && put.node === node) ?? -1;
    if (at !== -1) together?.splice(at, 1);
    // The heaps rely on loads that only rise.
    this.#choices.clear();
    this.#choiceOf.clear();
  }

  /** The share of what the node can that is used, 0 to 1, of what is scarcest. */
  loadOf(node: string): number {
    return this.#places.get(node)?.load ?? 0;
  }

  /** Heaviest load first. */
  get nodesByLoad(): string[] {
    return [...this.#places.values()]
      .sort((a, b) => b.load - a.load || order(a, b))
      .map(({ beat }) => beat.node);
  }

  /** The best nodes for an actor that runs nowhere, at most `limit`. `before` is where it ran. */
  rank(actor: PlaceableActor, limit: number, before?: string): Candidate[] {
    const choice = this.#choice(actor);
    const special = new Set([...this.#together(actor), ...(before === undefined ? [] : [before])]);
    const found: Place[] = [];
    for (const node of special) {
      const place = this.#places.get(node);
      if (place && this.#refusal(actor, place, choice) === undefined) found.push(place);
    }
    const popped: Place[] = [];
    for (let ordinary = 0; ordinary < limit;) {
      const place = choice.heap.pop((other) => this.#plainCost(other, choice));
      if (place === undefined) break;
      popped.push(place);
      if (special.has(place.beat.node) || this.#refusal(actor, place, choice) !== undefined) continue;
      found.push(place);
      ordinary += 1;
    }
    for (const place of popped) choice.heap.push(place, this.#plainCost(place, choice));
    return this.#sorted(actor, found, choice, before).slice(0, limit);
  }

  /** All nodes: those that could, best first, and why the others cannot. The actor itself is not counted meanwhile. */
  explain(actor: PlaceableActor, before?: string): Explanation {
    const present = this.#byCamera.get(actor.camera)?.find((put) => put.actor === actor)?.node;
    if (present !== undefined) this.remove(actor, present);
    const choice = this.#choice(actor);
    const able: Place[] = [];
    const refused: { node: string; reason: string }[] = [];
    for (const place of [...this.#places.values()].sort(order)) {
      const reason = this.#refusal(actor, place, choice);
      if (reason === undefined) able.push(place);
      else refused.push({ node: place.beat.node, reason });
    }
    const candidates = this.#sorted(actor, able, choice, before ?? present);
    if (present !== undefined) this.put(actor, present);
    return { candidates, refused };
  }

  /** Why a node cannot take an actor that runs nowhere now; undefined when it can. */
  refusal(actor: PlaceableActor, node: string): string | undefined {
    const place = this.#places.get(node);
    return place === undefined ? 'it is not alive' : this.#refusal(actor, place, this.#choice(actor));
  }

  /** Whether nothing but load could be better elsewhere, for an actor that runs there. */
  isWell(actor: PlaceableActor, node: string): boolean {
    const place = this.#places.get(node);
    if (place === undefined) return false;
    const { rules, preferring } = this.#choice(actor);
    if (unfit(actor, place.beat, rules) !== undefined) return false;
    if (this.#twinOn(actor, place.beat.host) !== undefined) return false;
    if (preferring.length > 0) return preferring.some((rule) => ruleNames(rule, place.beat));
    const together = actor.staysWithCamera ? [...this.#together(actor)] : [];
    return (
      together.includes(node) ||
      together.every((other) => {
        const host = this.#places.get(other)?.beat.host;
        return host === undefined || this.#twinOn(actor, host) !== undefined;
      })
    );
  }

  /** What rules and being together say, without load: whole numbers, lower is better. */
  structuralCost(actor: PlaceableActor, node: string): number {
    const place = this.#places.get(node);
    if (place === undefined) return Number.POSITIVE_INFINITY;
    const choice = this.#choice(actor);
    const together = actor.staysWithCamera && this.#together(actor).has(node);
    return this.#ruleCost(place, choice) + (together ? COST.together : 0);
  }

  #choice(actor: PlaceableActor): Choice {
    const known = this.#choiceOf.get(actor);
    if (known !== undefined) return known;
    const choice = this.#makeChoice(actor);
    this.#choiceOf.set(actor, choice);
    return choice;
  }

  #makeChoice(actor: PlaceableActor): Choice {
    const rules = this.#rules.filter((rule) => ruleMatches(rule, actor));
    const key = JSON.stringify([
      actor.role,
      actor.labels,
      actor.reach,
      actor.gpu === true,
      rules.map(({ id }) => id),
    ]);
    const known = this.#choices.get(key);
    if (known !== undefined) return known;
    const preferring = rules.filter(({ isMust }) => !isMust);
    const choice: Choice = { rules, preferring, heap: new MinHeap(order) };
    for (const place of this.#places.values()) {
      if (unfit(actor, place.beat, rules) === undefined) {
        choice.heap.push(place, this.#plainCost(place, choice));
      }
    }
    this.#choices.set(key, choice);
    return choice;
  }

  /** Nodes of the camera's other actors that stay together. */
  #together(actor: PlaceableActor): Set<string> {
    const nodes = new Set<string>();
    for (const { actor: other, node } of this.#byCamera.get(actor.camera) ?? []) {
      if (other.staysWithCamera && other.name !== actor.name) nodes.add(node);
    }
    return nodes;
  }

  #refusal(actor: PlaceableActor, place: Place, { rules }: Choice): string | undefined {
    const never = unfit(actor, place.beat, rules);
    if (never !== undefined) return never;
    const twin = this.#twinOn(actor, place.beat.host);
    if (twin !== undefined) return `its host ${place.beat.host} has ${twin} already`;
    for (const dimension of DIMENSIONS) {
      const need = actor.demand[dimension];
      if (need > 0 && place.used[dimension] + need > place.beat.capacity[dimension]) {
        const room = Math.max(0, place.beat.capacity[dimension] - place.used[dimension]);
        return `it has room for ${Math.floor(room)} ${UNITS[dimension]}, of ${Math.ceil(need)} needed`;
      }
    }
    return undefined;
  }

  /** Another that must be apart from the actor, and runs on the host. */
  #twinOn(actor: PlaceableActor, host: string): string | undefined {
    if (actor.apart === undefined) return undefined;
    for (const { actor: other, node } of this.#byCamera.get(actor.camera) ?? []) {
      const isTwin = other.apart === actor.apart && other.name !== actor.name;
      if (isTwin && this.#places.get(node)?.beat.host === host) return other.name;
    }
    return undefined;
  }

  #ruleCost({ beat }: Place, { preferring }: Choice): number {
    return preferring.some((rule) => ruleNames(rule, beat)) ? COST.rule : 0;
  }

  #plainCost(place: Place, choice: Choice): number {
    const overloaded = place.beat.load.isOverloaded ? COST.overloaded : 0;
    return this.#ruleCost(place, choice) + place.load + overloaded;
  }

  #sorted(actor: PlaceableActor, places: readonly Place[], choice: Choice, before?: string): Candidate[] {
    const together = this.#together(actor);
    return places
      .map((place) => {
        const { node } = place.beat;
        let cost = this.#plainCost(place, choice);
        if (together.has(node)) cost += actor.staysWithCamera ? COST.together : COST.near;
        if (node === before) cost += COST.sticky;
        return { place, cost };
      })
      .sort((a, b) => a.cost - b.cost || order(a.place, b.place))
      .map(({ place, cost }) => ({
        node: place.beat.node,
        cost,
        reasons: this.#reasons(actor, place, choice, { together, before }),
      }));
  }

  #reasons(
    actor: PlaceableActor,
    { beat, load }: Place,
    { rules }: Choice,
    { together, before }: { together: ReadonlySet<string>; before: string | undefined },
  ): string[] {
    const named = rules.filter((rule) => ruleNames(rule, beat)).map(({ name }) => name);
    return [
      `${beat.node} has the role ${actor.role}`,
      ...Object.entries(actor.labels).map(([name, value]) => `it has the label ${name}=${value}`),
      ...named.map((name) => `the rule "${name}" names it`),
      ...(together.has(beat.node) ? [`other actors of ${actor.camera} run there`] : []),
      ...(beat.node === before ? ['it ran there before'] : []),
      ...(beat.load.isOverloaded ? ['it is overloaded'] : []),
      `its load is ${Math.round(load * 100)} %`,
    ];
  }
}

const UNITS: Record<keyof Demand, string> = {
  packets: 'packets per second',
  infoBytes: 'bytes of INFO',
  diskBytes: 'bytes on disk',
  pictures: 'pictures per second',
};

function loadOf({ used, beat }: Place): number {
  let load = 0;
  for (const dimension of DIMENSIONS) {
    if (used[dimension] > 0) load = Math.max(load, used[dimension] / beat.capacity[dimension]);
  }
  return load;
}

const order = (a: Place, b: Place): number => (a.beat.node < b.beat.node ? -1 : 1);
