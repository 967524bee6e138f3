import type { ServiceSchema } from 'moleculer';
import { restreamer } from '../../contracts/actors.ts';
import { actorSchema } from '../../mixins/actor.ts';
import type { Restreamer, RestreamerParts } from './restreamer.ts';

/** The face of a restreamer to other nodes and to people; it ends every session when it stops. */
export function createRestreamerActor(
  parts: Pick<RestreamerParts, 'log' | 'nodeId'>,
  options: { readonly restreamer: Restreamer },
  onReady?: (error?: unknown) => void,
): ServiceSchema {
  const mine = options.restreamer;
  return actorSchema(
    {
      contract: restreamer,
      id: mine.camera,
      log: parts.log,
      actions: {
        status: () => ({
          node: parts.nodeId,
          epoch: 0,
          state: mine.viewers > 0 ? 'watched' : 'idle',
          viewers: mine.viewers,
        }),
        whep: ({ offer, stream }) => mine.whep(offer, stream),
        live: ({ fingerprint, kinds, stream }) => mine.offer(fingerprint, kinds, stream),
        hangUp: ({ session }) => {
          mine.hangUp(session);
          return {};
        },
      },
      start: () => undefined,
      stop: () => mine.close(),
    },
    onReady,
  );
}
