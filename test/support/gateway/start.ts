import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ActionHandler, type ActionSchema, type Middleware, ServiceBroker } from 'moleculer';
import { createAccountsService } from '../../../src/actors/accounts/accounts.service.ts';
import { ensureAdmin } from '../../../src/actors/accounts/first-admin.ts';
import { createGatewayService } from '../../../src/actors/gateway/gateway.service.ts';
import type { GatewayOptions } from '../../../src/actors/gateway/types.ts';
import { accounts } from '../../../src/contracts/accounts.ts';
import { client } from '../../../src/contracts/define.ts';
import type { Logger } from '../../../src/mixins/health.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import { createSecrets } from '../../../src/store/secrets.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/store.ts';
import type { Journal } from '../../../src/store/types.ts';
import { FakeMedia } from './fake-media.ts';
import { addStandIns } from './stand-ins.ts';

export const ADMIN_PASSWORD = 'correct horse battery';
export const SECRET = 'a secret for tests only';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  readonly broker: ServiceBroker;
  readonly store: SqliteStore;
  readonly journal: Journal;
  readonly media: FakeMedia;
  /** Actions that were called, but those of accounts and of the gateway itself. */
  readonly called: string[];
  readonly log: LogLine[];
  /** Logs in by the API and returns the token. */
  login(user: string, password?: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * A gateway on a free port with real accounts in a catalog in memory, a journal, and stand-ins for the other services.
 * Users: `admin`; `guard`, an operator of the camera `yard`; `visitor`, a viewer of it.
 */
export async function startGateway(change: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const log: LogLine[] = [];
  const logger = loggerInto(log);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sightmesh-gateway-'));
  const store = await openSqliteStore(':memory:');
  const journal = await openJournal({ folder, node: 'n', sink: store.journal });
  const called: string[] = [];
  const broker = new ServiceBroker({
    nodeID: 'n',
    logger: false,
    metrics: { enabled: true, reporter: [] },
    middlewares: [noteCalls(called)],
  });
  const media = new FakeMedia();
  const config = {
    http: { host: '127.0.0.1', port: 0, trustProxy: false },
    tls: { cert: null, key: null },
    sessions: { hours: 1, loginsPerMinute: 10 },
    ...change.config,
  };
  await ensureAdmin({ store, config: { adminPassword: ADMIN_PASSWORD } });
  let listening = { protocol: 'http', host: '', port: 0 };
  broker.createService(createAccountsService({ log: logger, store, secrets: createSecrets(SECRET), config }));
  addStandIns(broker);
  broker.createService(
    createGatewayService({
      log: logger,
      version: '0.0.0',
      media,
      journal,
      consoleFolder: null,
      notReady: () => [],
      metrics: () => Promise.resolve('sightmesh_coverage{camera="yard"} 1\n'),
      onListening: (address) => (listening = address),
      ...change,
      config,
    }),
  );
  await broker.start();
  const { createUser } = client(broker, accounts);
  await createUser({ name: 'guard', password: ADMIN_PASSWORD, role: 'operator', cameras: ['yard'] });
  await createUser({ name: 'visitor', password: ADMIN_PASSWORD, role: 'viewer', cameras: ['yard'] });
  const url = `${listening.protocol}://127.0.0.1:${listening.port}`;
  return {
    url,
    port: listening.port,
    broker,
    store,
    journal,
    media,
    called,
    log,
    login: async (username, password = ADMIN_PASSWORD) => {
      const response = await fetch(`${url}/api/v1/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password }),
      });
      const { token } = (await response.json()) as { token?: string };
      if (token === undefined) throw new Error(`${username} could not log in: ${response.status}`);
      return token;
    },
    stop: async () => {
      await broker.stop();
      await journal.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const noteCalls = (called: string[]): Middleware => ({
  localAction: (next: ActionHandler, { name = '' }: ActionSchema): ActionHandler =>
    function (ctx) {
      if (!/^(accounts|gateway|\$node)\./.test(name)) called.push(name);
      return next.call(this, ctx) as unknown;
    },
});

export function loggerInto(lines: LogLine[]): Logger {
  const write =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
