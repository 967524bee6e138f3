import type { ServiceSchema } from 'moleculer';
import { restream } from '../../contracts/actors.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { serviceSchema } from '../../mixins/service.ts';
import { Restreamers, type RestreamersParts } from './restreamers.ts';

/** On every node with role restream: opens viewing sessions here and answers at once. */
export function createRestreamService(parts: RestreamersParts): ServiceSchema {
  const restreamers = new Restreamers(parts);
  const node = parts.nodeId;
  return serviceSchema({
    contract: restream,
    log: parts.log,
    actions: {
      whep: async ({ camera, offer, stream }) => {
        const restreamer = await restreamers.open(camera, stream);
        return { ...(await restreamer.whep(offer, stream)), node };
      },
      live: async ({ camera, fingerprint, kinds, stream }) => {
        const restreamer = await restreamers.open(camera, stream);
        return { ...(await restreamer.offer(fingerprint, kinds, stream)), node };
      },
      hangUp: ({ camera, session }) => {
        const restreamer = restreamers.get(camera);
        if (restreamer === undefined) throw new SightmeshError('session_not_found');
        restreamer.hangUp(session);
        return {};
      },
    },
    events: {
      'camera.changed': ({ camera, change }) => {
        if (change === 'deleted') restreamers.end(camera);
      },
    },
    stop: () => restreamers.close(),
  });
}
