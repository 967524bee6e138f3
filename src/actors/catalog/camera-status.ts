import { analyzer, camera as cameraContract, recorder, restreamer } from '../../contracts/actors.ts';
import { actorClient, type CallTarget, client } from '../../contracts/define.ts';
import type { ActorPlace, Assignment, CameraDocument, CameraStatus } from '../../contracts/entities.ts';
import { director } from '../../contracts/node.ts';

/** An actor that does not answer in this time is shown as not answering. Milliseconds. */
const ANSWER_MS = 2_000;

export interface StatusParts {
  readonly target: CallTarget;
  readonly coverageToday: (camera: string) => Promise<number | null>;
  /** Nodes on which a restreamer of the camera runs: those are never assigned. */
  readonly restreamersOf: (camera: string) => readonly string[];
}

/** What a camera does right now, asked from its actors wherever they run. */
export async function cameraStatus(document: CameraDocument, parts: StatusParts): Promise<CameraStatus> {
  const { id } = document;
  const { target } = parts;
  const { items } = await client(target, director).assignments({ camera: id });
  const of = (kind: string): Assignment[] => items.filter(({ actor }) => actor.startsWith(`${kind}.`));
  const [own] = of('camera');
  const [status, recorders, analyzers, restreamers, coverageToday] = await Promise.all([
    ask(own, (nodeID) => actorClient(target, cameraContract, id, { nodeID, timeout: ANSWER_MS }).status({})),
    places(of('recorder'), ({ actor }, nodeID) =>
      actorClient(target, recorder, actor.slice('recorder.'.length), { nodeID, timeout: ANSWER_MS }).status(
        {},
      ),
    ),
    places(of('analyzer'), (_, nodeID) =>
      actorClient(target, analyzer, id, { nodeID, timeout: ANSWER_MS }).status({}),
    ),
    Promise.all(
      parts
        .restreamersOf(id)
        .map((nodeID) =>
          answer(() => actorClient(target, restreamer, id, { nodeID, timeout: ANSWER_MS }).status({})),
        ),
    ),
    parts.coverageToday(id),
  ]);
  const state = document.enabled ? (status?.state ?? 'idle') : 'disabled';
  return {
    id,
    state,
    node: own?.owner?.node ?? null,
    epoch: own?.epoch ?? 0,
    streams: status?.streams ?? {},
    actors: {
      camera: own?.owner ? { node: own.owner.node, epoch: own.epoch, state } : null,
      recorders: recorders.map(placeOf),
      analyzer: analyzers.map(placeOf)[0] ?? null,
      restreamers: restreamers.filter((place) => place !== undefined).map(placeOf),
    },
    coverageToday,
    message: messageOf(document, own, status?.message ?? null, recorders),
  };
}

type Answer = ActorPlace & { readonly message?: string | null };

const placeOf = ({ node, epoch, state }: Answer): ActorPlace => ({ node, epoch, state });

function messageOf(
  document: CameraDocument,
  own: Assignment | undefined,
  message: string | null,
  others: readonly Answer[],
): string | null {
  if (!document.enabled) return null;
  if (own?.owner == null) return own?.reasons[0] ?? 'No node has taken this camera yet.';
  return message ?? others.find((other) => other.message != null)?.message ?? null;
}

async function ask<T>(
  assignment: Assignment | undefined,
  call: (node: string) => Promise<T>,
): Promise<T | undefined> {
  const owner = assignment?.owner;
  return owner == null ? undefined : answer(() => call(owner.node));
}

/** Undefined when there is none in time: that is a state to show, not a failure of the question. */
async function answer<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}

function places(
  assignments: readonly Assignment[],
  call: (assignment: Assignment, node: string) => Promise<Answer>,
): Promise<Answer[]> {
  return Promise.all(
    assignments.flatMap((assignment) => {
      const { owner, epoch } = assignment;
      if (owner === null) return [];
      const silent: Answer = { node: owner.node, epoch, state: 'not answering' };
      return [ask(assignment, (node) => call(assignment, node)).then((said) => said ?? silent)];
    }),
  );
}
