import { errors, jwtVerify, SignJWT } from 'jose';

/** What a ticket lets its holder read. */
export interface TicketClaims {
  /** The path of the request: `/hub/<camera>/<stream>` or `/archive/<volume>/<path>`. */
  readonly path: string;
  /** The node that reads, and the one that is read from. */
  readonly reader: string;
  readonly server: string;
}

/** Signs and verifies tickets (JWT, RFC 7519, HS256). Each node of the cluster can do both without asking anybody. */
export interface Tickets {
  /** @param skewMs by how much the clock of the other node is ahead of ours, as far as we know */
  sign(claims: TicketClaims, skewMs?: number): Promise<string>;
  /** `refused` for anything but a ticket of this cluster with exactly these claims. */
  verify(ticket: string, claims: TicketClaims): Promise<'good' | 'expired' | 'refused'>;
}

const AUDIENCE = 'sightmesh-link';
/** A ticket is made for one request. */
const LIFE_MS = 60_000;
const TOLERANCE_SECONDS = 30;

/** @param key at least 32 bytes, derived from the secret of the cluster */
export function createTickets(key: Uint8Array, now: () => number = () => Date.now()): Tickets {
  return {
    sign: ({ path, reader, server }, skewMs = 0) =>
      new SignJWT({ server })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setAudience(AUDIENCE)
        .setIssuer(reader)
        .setSubject(path)
        .setExpirationTime(Math.floor((now() + skewMs + LIFE_MS) / 1000))
        .sign(key),
    verify: async (ticket, { path, reader, server }) => {
      try {
        const { payload } = await jwtVerify(ticket, key, {
          algorithms: ['HS256'],
          typ: 'JWT',
          audience: AUDIENCE,
          issuer: reader,
          subject: path,
          requiredClaims: ['exp'],
          clockTolerance: TOLERANCE_SECONDS,
          currentDate: new Date(now()),
        });
        return payload['server'] === server ? 'good' : 'refused';
      } catch (error) {
        if (error instanceof errors.JWTExpired) return 'expired';
        if (error instanceof errors.JOSEError) return 'refused';
        throw error;
      }
    },
  };
}
