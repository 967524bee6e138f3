/** NATS cannot be used as it is; the message says what to do. Never carries a secret. */
export class NatsProblem extends Error {
  override readonly name = 'NatsProblem';
}

/** Code of a JetStream answer, see `server/errors.json` of nats-server; undefined for other errors. */
export function apiCode(error: unknown): number | undefined {
  const inner = (error as { api_error?: { err_code?: unknown } } | null)?.api_error?.err_code;
  return typeof inner === 'number' ? inner : undefined;
}

/** Code of the client library, such as `TIMEOUT`. */
export function clientCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** Codes of JetStream that decide something here. */
export const API = {
  bucketMissing: 10059,
  nameInUse: 10058,
  /** The second: a write of the same key is still on its way through the cluster. */
  wrongRevision: [10071, 10164],
  jetStreamOff: [10039, 10076],
  /** Too few servers for the replicas. */
  tooFewServers: [10005, 10023, 10074],
} as const;

/** A sentence that says what to do for what NATS refuses for good; the error itself otherwise. */
export function explained(error: unknown): unknown {
  const code = clientCode(error);
  const cause = { cause: error };
  if (code === 'PERMISSIONS_VIOLATION') {
    return new NatsProblem(
      'NATS does not give this user the rights that a node needs: let it publish and subscribe to $JS.API.>, $KV.> and _INBOX.>.',
      cause,
    );
  }
  if (/AUTH|BAD_CREDS|ACCOUNT_EXPIRED/.test(code)) {
    return new NatsProblem(
      'NATS refuses the credentials: check user, password, token or credentials.',
      cause,
    );
  }
  if (code === '503' || (API.jetStreamOff as readonly number[]).includes(apiCode(error) ?? 0)) {
    return new NatsProblem(
      'JetStream is off on the NATS servers, or for this account: start them with `jetstream` in their configuration.',
      cause,
    );
  }
  return error;
}
