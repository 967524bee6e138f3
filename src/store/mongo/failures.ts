import {
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { StoreUnavailableError } from '../errors.ts';

/** Server codes (MongoDB, error_codes.yml) that say that the server cannot answer now, whatever was asked. */
const AWAY = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  50, // MaxTimeMSExpired
  64, // WriteConcernFailed: not on a majority in time
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
/** Atlas's word for a wrong user or password. */
const ATLAS_ERROR = 8000;
export const DUPLICATE_KEY = 11_000;

const AWAY_CLASSES = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
] as const;
/** Classes that the driver does not export. */
const AWAY_NAMES = new Set(['MongoPoolClearedError', 'MongoPoolClosedError', 'MongoWaitQueueTimeoutError']);

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** Turns what the driver throws into sentences that say what to do and name no credentials. */
export class Failures {
  readonly #where: string;
  readonly #database: string;
  readonly #secrets: readonly string[];

  /** `url`: the connection string; its user and password are kept out of all sentences. */
  constructor(url: string, database: string) {
    this.#where = hostsOf(url);
    this.#database = database;
    this.#secrets = secretsOf(url);
  }

  /** `mongodb1:27017,mongodb2:27017` */
  get where(): string {
    return this.#where;
  }

  translate(error: unknown): Error {
    if (!(error instanceof Error)) return new Error(this.clean(String(error)));
    if (!(error instanceof MongoError)) return error;
    const message = this.clean(error.message);
    if (isUnauthenticated(error)) {
      return new Error(`MongoDB at ${this.#where} refuses the user or password of the connection string`);
    }
    if (error instanceof MongoServerError && error.code === UNAUTHORIZED) {
      return new Error(
        `the MongoDB user lacks rights: give it the role readWrite on the database ${this.#database} (${message})`,
      );
    }
    if (isAway(error)) {
      return new StoreUnavailableError(`MongoDB at ${this.#where} does not answer: ${message}`);
    }
    return new Error(`MongoDB: ${message}`);
  }

  /** What the driver does not take as a connection string; without its cause, which may quote it. */
  invalid(error: unknown): Error {
    const reason = this.clean(error instanceof Error ? error.message : String(error));
    return new Error(`the MongoDB connection string is not valid: ${reason}`);
  }

  /** Without user and password, wherever they come from. */
  clean(message: string): string {
    return this.#secrets
      .reduce((text, secret) => text.replaceAll(secret, '…'), message)
      .replace(/\/\/[^/@\s]*@/g, '//');
  }
}

const isAway = (error: MongoError): boolean =>
  AWAY_CLASSES.some((kind) => error instanceof kind) ||
  AWAY_NAMES.has(error.name) ||
  AWAY.has(Number(error.code)) ||
  error.hasErrorLabel('RetryableWriteError');

/** The driver wraps a failed login into its choice of a server. */
function isUnauthenticated(error: Error): boolean {
  const { cause } = error;
  return (
    (error instanceof MongoServerError &&
      (error.code === AUTHENTICATION_FAILED || error.code === ATLAS_ERROR)) ||
    (cause instanceof Error && isUnauthenticated(cause))
  );
}

const PARTS = /^mongodb(?:\+srv)?:\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?/;

function hostsOf(url: string): string {
  return PARTS.exec(url)?.[2] ?? 'its address';
}

/** The database that a connection string names. */
export function databaseOf(url: string): string | undefined {
  const name = PARTS.exec(url)?.[3];
  return name === undefined || name === '' ? undefined : decodeURIComponent(name);
}

function secretsOf(url: string): string[] {
  const credentials = PARTS.exec(url)?.[1];
  if (credentials === undefined) return [];
  const password = credentials.slice(credentials.indexOf(':') + 1);
  return [credentials, password, decoded(password)].filter((secret) => secret.length > 3);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
