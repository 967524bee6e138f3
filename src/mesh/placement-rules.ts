import type { Beat } from './beats.ts';

/** What an actor needs while it runs. */
export interface Demand {
  /** Packets of media per second. */
  readonly packets: number;
  /** In the INFO packet of its node. */
  readonly infoBytes: number;
  /** Of recordings, as long as they are to be kept. */
  readonly diskBytes: number;
  /** Inference, in pictures per second. */
  readonly pictures: number;
}

/** What placement must know of an actor. */
export interface PlaceableActor {
  readonly name: string;
  /** `camera`, `recorder`, `analyzer` … */
  readonly kind: string;
  readonly camera: string;
  readonly cameraLabels: Readonly<Record<string, string>>;
  /** What a node must have to host it. */
  readonly role: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The network of the camera, for those who dial it. */
  readonly reach?: string;
  readonly gpu?: boolean;
  /** What an analyzer looks for, such as `faces`. */
  readonly tasks: readonly string[];
  /** Actors with the same name here never share a host. */
  readonly apart?: string;
  /** It reads or feeds whole streams: best where the other actors of its camera are. */
  readonly staysWithCamera: boolean;
  readonly demand: Demand;
}

/** `archives on A, faces on B, streaming on C`. What is left out matches all. */
export interface PlacementRule {
  readonly id: string;
  readonly name: string;
  readonly match: {
    readonly kinds?: readonly string[];
    readonly cameras?: readonly string[];
    /** Of the camera. */
    readonly labels?: Readonly<Record<string, string>>;
    /** One of them is enough. */
    readonly tasks?: readonly string[];
  };
  readonly nodes: {
    readonly names?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** True: rather nowhere than elsewhere. False: elsewhere when none of the nodes can. */
  readonly isMust: boolean;
}

const hasAll = (
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean => Object.entries(wanted ?? {}).every(([name, value]) => labels[name] === value);

export function ruleMatches({ match }: PlacementRule, actor: PlaceableActor): boolean {
  return (
    (match.kinds?.includes(actor.kind) ?? true) &&
    (match.cameras?.includes(actor.camera) ?? true) &&
    (match.tasks?.some((task) => actor.tasks.includes(task)) ?? true) &&
    hasAll(actor.cameraLabels, match.labels)
  );
}

export const ruleNames = ({ nodes }: PlacementRule, beat: Beat): boolean =>
  (nodes.names?.includes(beat.node) ?? true) && hasAll(beat.labels, nodes.labels);

/** Why a node can never host the actor, whatever else runs; undefined when it can. */
export function unfit(
  actor: PlaceableActor,
  beat: Beat,
  rules: readonly PlacementRule[],
): string | undefined {
  if (beat.isDraining) return 'it is being drained';
  if (!beat.roles.includes(actor.role)) return `it has not the role ${actor.role}`;
  for (const [name, value] of Object.entries(actor.labels)) {
    if (beat.labels[name] !== value) return `it has not the label ${name}=${value}`;
  }
  const { reaches, gpu } = beat.capacity;
  if (actor.reach !== undefined && !reaches.includes('*') && !reaches.includes(actor.reach)) {
    return `it does not reach the network ${actor.reach}`;
  }
  if (actor.gpu === true && !gpu) return 'it has no GPU';
  const broken = rules.find((rule) => rule.isMust && !ruleNames(rule, beat));
  return broken && `the rule "${broken.name}" forbids it`;
}
