import type { OutageRecord, Store, WantedRecord } from '../types.ts';
import { Connection, type MongoStoreOptions } from './connection.ts';
import { cameras, nodes, settings, users, volumes } from './documents.ts';
import { events } from './events.ts';
import { intervals } from './intervals.ts';
import { journal } from './journal.ts';
import { segments } from './segments.ts';
import { audit, sessions } from './sessions.ts';

/**
 * Opens the catalog in a MongoDB database, written to a majority. Its calls reject with StoreUnavailableError while no
 * server answers, and work again when one does.
 * @throws Error when the connection string, user or password is wrong, the database was written by a newer version, or
 *   (StoreUnavailableError, unless told to wait) no server answers. No sentence contains credentials.
 */
export async function openMongoStore(url: string, options: MongoStoreOptions = {}): Promise<Store> {
  const connection = new Connection(url, options);
  if (options.whenAway !== 'wait') {
    try {
      await connection.run(() => Promise.resolve());
    } catch (error) {
      await connection.close();
      throw error;
    }
  } else {
    connection.run(() => Promise.resolve()).catch(() => undefined);
  }
  const { database } = connection;
  return {
    cameras: guarded(connection, cameras(database)),
    users: guarded(connection, users(database)),
    sessions: guarded(connection, sessions(database)),
    segments: guarded(connection, segments(database)),
    outages: guarded(connection, intervals<OutageRecord>(database, 'outages')),
    wanted: guarded(connection, intervals<WantedRecord>(database, 'wanted')),
    events: guarded(connection, events(database)),
    volumes: guarded(connection, volumes(database)),
    audit: guarded(connection, audit(database)),
    settings: guarded(connection, settings(database)),
    nodes: guarded(connection, nodes(database)),
    journal: guarded(connection, journal(database)),
    close: () => connection.close(),
  };
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The same repository, each of its calls run by the connection. */
function guarded<T extends object>(connection: Connection, repository: T): T {
  const methods = Object.entries(repository) as [string, Method][];
  return Object.fromEntries(
    methods.map(([name, method]): [string, Method] => [
      name,
      (...args) => connection.run(() => method(...args)),
    ]),
  ) as T;
}
