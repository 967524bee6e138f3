import { ServiceBroker } from 'moleculer';
import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../../../../config/load.ts';
import { createNodeService } from '../../../../src/actors/node/node.service.ts';
import { client } from '../../../../src/contracts/define.ts';
import { node } from '../../../../src/contracts/node.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { until } from '../../../support/until.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

it('says how the node fares, tells what is degraded once, and leaves its sign of life', async () => {
  const store = await openSqliteStore(':memory:');
  closing.push(() => store.close());
  const broker = new ServiceBroker({ nodeID: 'here', logger: false });
  const { config } = loadConfig({}, '/nowhere');
  const degraded = new Map([['journal', 'The catalog takes nothing.']]);
  const problems = ['WebRTC is off.'];
  const told: string[][] = [];
  broker.createService({
    name: 'listener',
    events: {
      'node.degraded': {
        handler: (ctx: { params: { degraded: string[] } }) => void told.push(ctx.params.degraded),
      },
    },
  });
  broker.createService(
    createNodeService({
      broker,
      config,
      degraded,
      log,
      store,
      nodeId: 'here',
      incarnation: 'i',
      startedAt: 1_000,
      clock: { now: () => 5_000 },
      version: '1',
      actors: () => ['camera.door', 'recorder.door.0'],
      problems: () => problems,
    }),
  );
  await broker.start();
  closing.push(() => broker.stop());
  const info = await client(broker, node).info({});
  expect(info).toMatchObject({ id: 'here', actors: 2, cameras: 1, version: '1' });
  expect(info.degraded).toEqual(['The catalog takes nothing.', 'WebRTC is off.']);
  await until('the first word', () => told.length === 1);
  problems.length = 0;
  await until('the second word', () => told.length === 2);
  expect(told).toEqual([['The catalog takes nothing.', 'WebRTC is off.'], ['The catalog takes nothing.']]);
  expect(await store.nodes.get('here')).toMatchObject({ seenAt: 5_000, stoppedAt: null });
  await broker.stop();
  expect(await store.nodes.get('here')).toMatchObject({ stoppedAt: 5_000 });
});
