import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Spawner } from '../../../../src/actors/node/spawner.ts';
import { actorClient, defineContract, Nothing } from '../../../../src/contracts/define.ts';
import { actorSchema } from '../../../../src/mixins/actor.ts';
import type { Logger } from '../../../../src/mixins/health.ts';

const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const thing = defineContract({
  name: 'thing',
  kind: 'actor',
  actions: { ping: { summary: 'Answers', params: Nothing, result: z.string() } },
});

describe('Spawner', () => {
  const broker = new ServiceBroker({ nodeID: 'n', logger: false });
  let spawner: Spawner;
  const events: string[] = [];

  beforeEach(async () => {
    events.length = 0;
    await broker.start();
    spawner = new Spawner(broker, log);
  });
  afterEach(() => spawner.endAll());

  const factory =
    (id: string, start: () => void = () => undefined) =>
    (onReady: (error?: unknown) => void) =>
      actorSchema(
        {
          contract: thing,
          id,
          log,
          actions: { ping: () => `pong of ${id}` },
          start: () => {
            events.push(`start ${id}`);
            start();
          },
          stop: () => void events.push(`stop ${id}`),
        },
        onReady,
      );

  const spawn = (id: string, start?: () => void) =>
    spawner.spawn({ name: `thing.${id}`, epoch: 1, revision: '' }, factory(id, start));

  it('spawns an actor that answers by its name, and ends it', async () => {
    await spawn('a');
    await expect(actorClient(broker, thing, 'a').ping({})).resolves.toBe('pong of a');
    expect(spawner.running.map((actor) => actor.name)).toEqual(['thing.a']);
    await spawner.end('thing.a');
    await spawner.end('thing.a');
    expect(events).toEqual(['start a', 'stop a']);
    await expect(actorClient(broker, thing, 'a').ping({})).rejects.toMatchObject({
      type: 'SERVICE_NOT_AVAILABLE',
    });
  });

  it('never runs one name twice', async () => {
    await Promise.all([spawn('a'), spawn('a')]);
    expect(events).toEqual(['start a', 'stop a', 'start a']);
    expect(spawner.running).toHaveLength(1);
  });

  it('takes away an actor that cannot start, and tells why', async () => {
    await expect(
      spawn('b', () => {
        throw new Error('no room');
      }),
    ).rejects.toThrow('no room');
    expect(spawner.running).toHaveLength(0);
    expect(broker.getLocalService('thing.b')).toBeFalsy();
  });

  it('refuses unknown fields with a code and the place', async () => {
    await spawn('a');
    await expect(broker.call('thing.a.ping', { x: 1 })).rejects.toMatchObject({
      type: 'bad_request',
      code: 400,
    });
  });
});
