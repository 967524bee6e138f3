import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { Assignment, CameraId, list, NodeInfo } from './entities.ts';

const ActorName = z.string().max(200);

/** The node itself: it spawns actors and tells how it fares. */
export const node = defineContract({
  name: 'node',
  kind: 'service',
  actions: {
    info: { summary: 'This node', params: Nothing, result: NodeInfo },
  },
});

/** Who runs what. Every node has a director; none leads. */
export const director = defineContract({
  name: 'director',
  kind: 'service',
  actions: {
    nodes: {
      summary: 'Nodes with roles, load and actors',
      params: Nothing,
      result: list(NodeInfo),
      access: 'system.view',
      rest: 'GET /nodes',
    },
    placement: {
      summary: 'Where an actor runs, and why there',
      params: z.strictObject({ actor: ActorName }),
      result: Assignment,
      access: 'system.view',
      resultActor: 'actor',
      rest: 'GET /placement/:actor',
    },
    assignments: {
      summary: 'All actors and their owners, or those of one camera',
      params: z.strictObject({ camera: CameraId.optional() }),
      result: list(Assignment),
      access: 'system.view',
      resultActor: 'actor',
      rest: 'GET /placement',
    },
  },
});
