import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, credsAuthenticator, type ConnectionOptions, Events, type NatsConnection } from 'nats';
import type { MeshLog } from '../types.ts';
import { clientCode, explained, NatsProblem } from './problem.ts';

export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`, which may carry user and password. */
  readonly servers: readonly string[];
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A credentials file (JWT and seed). */
  readonly credsFile?: string;
  /** Files; `{}` asks for TLS with the certificates that the system trusts. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** How long a first connection is tried. Milliseconds. */
  readonly waitMs?: number;
}

const RETRY_MS = 500;

/** Options of the `nats` package for these; Moleculer's transporter takes the same. */
export async function natsOptions(options: NatsOptions): Promise<ConnectionOptions> {
  const urls = options.servers.map(parsed);
  const [first] = urls;
  if (first === undefined) throw new NatsProblem('No NATS server is named.');
  const user = options.user ?? decodeURIComponent(first.username);
  const password = options.password ?? decodeURIComponent(first.password);
  const tls = options.tls ?? (urls.some(({ protocol }) => protocol === 'tls:') ? {} : undefined);
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    ignoreAuthErrorAbort: true,
    pingInterval: 2_000,
    maxPingOut: 2,
    timeout: 3_000,
    ...(user === '' ? {} : { user, pass: password }),
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.credsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(await readFile(options.credsFile)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/**
 * A connection that reconnects for ever once it was there.
 * @throws NatsProblem that says what to do
 */
export async function connectNats(options: NatsOptions, log: MeshLog): Promise<NatsConnection> {
  const ready = await natsOptions(options);
  const end = performance.now() + (options.waitMs ?? 15_000);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const connection = await connect({ ...ready, reconnect: true });
      void report(connection, log);
      return connection;
    } catch (error) {
      const problem = explained(error);
      if (problem instanceof NatsProblem) throw problem;
      if (/TLS|BAD_|INVALID/.test(clientCode(error)) || isCertificateProblem(error)) {
        throw new NatsProblem(`NATS could not be reached by TLS: ${(error as Error).message}`, {
          cause: error,
        });
      }
      if (performance.now() >= end) {
        throw new NatsProblem(`No NATS server answers at ${String(ready.servers)}.`, { cause: error });
      }
      if (attempt === 0) log.info({ servers: ready.servers }, 'waiting for NATS');
      await delay(RETRY_MS);
    }
  }
}

function parsed(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `nats://${text}`);
  if (url === null || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw new NatsProblem('A NATS server is written as nats://host:port or tls://host:port.');
  }
  return url;
}

const isCertificateProblem = (error: unknown): boolean =>
  /certificate|self.signed|CERT_|ENOENT|ERR_TLS|SSL/i.test(
    `${(error as Error).message} ${clientCode(error)}`,
  );

async function report(connection: NatsConnection, log: MeshLog): Promise<void> {
  for await (const { type, data } of connection.status()) {
    const server = typeof data === 'string' ? data : undefined;
    if (type === Events.Disconnect) log.warn({ server }, 'NATS is away; nobody can take over meanwhile');
    else if (type === Events.Reconnect) log.info({ server }, 'NATS is back');
    else if (type === Events.Error) log.warn({ code: server }, 'NATS refused something');
  }
}
