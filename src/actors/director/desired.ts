import type { CameraDocument } from '../../contracts/entities.ts';

export type ActorKind = 'camera' | 'recorder' | 'analyzer';

export interface DesiredActor {
  /** Full service name, e.g. `recorder.front-door.0`. */
  readonly name: string;
  readonly kind: ActorKind;
  readonly camera: string;
  /** Role that a node must have to host it. */
  readonly role: 'ingest' | 'record' | 'analyze';
  /** Changes when the actor must be made anew because what it was made from changed. */
  readonly revision: string;
}

/** The actors that a camera needs, by its settings. Names are unique over all cameras. */
export function desiredActors(document: CameraDocument): DesiredActor[] {
  if (!document.enabled) return [];
  const { id, url, subUrl, username, password, record, detect } = document;
  const actors: DesiredActor[] = [
    {
      name: `camera.${id}`,
      kind: 'camera',
      camera: id,
      role: 'ingest',
      revision: JSON.stringify([url, subUrl, username, password]),
    },
  ];
  if (record.mode !== 'off') {
    for (let replica = 0; replica < record.replicas; replica += 1) {
      actors.push({
        name: `recorder.${id}.${replica}`,
        kind: 'recorder',
        camera: id,
        role: 'record',
        revision: JSON.stringify(record),
      });
    }
  }
  if (detect.enabled) {
    actors.push({
      name: `analyzer.${id}`,
      kind: 'analyzer',
      camera: id,
      role: 'analyze',
      revision: JSON.stringify([detect, subUrl === null]),
    });
  }
  return actors;
}

export interface RunningActor {
  readonly name: string;
  readonly revision: string;
}

/** What to end and what to begin so that exactly `wanted` runs. A changed revision is an end and a beginning. */
export function difference(
  running: readonly RunningActor[],
  wanted: readonly DesiredActor[],
): { end: string[]; begin: DesiredActor[] } {
  const revisions = new Map(running.map((actor) => [actor.name, actor.revision]));
  const names = new Map(wanted.map((actor) => [actor.name, actor.revision]));
  return {
    end: running.filter((actor) => names.get(actor.name) !== actor.revision).map((actor) => actor.name),
    begin: wanted.filter((actor) => revisions.get(actor.name) !== actor.revision),
  };
}
