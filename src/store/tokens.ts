import { errors, jwtVerify, SignJWT } from 'jose';

const ISSUER = 'sightmesh';
/** What these tokens are for: one that was signed with the same key for something else does not log anybody in. */
const AUDIENCE = 'sightmesh-session';

export interface TokenClaims {
  /** Id of the session in the store: a token counts only while its session is there. */
  readonly session: string;
  readonly user: string;
}

/** Signs and verifies the tokens of cookies and `Authorization: Bearer` (JWT, RFC 7519, HS256). */
export interface Tokens {
  /** `expiresAt`: milliseconds since 1970; tokens keep whole seconds. */
  sign(claims: TokenClaims, expiresAt: number): Promise<string>;
  /** Undefined for anything but a token of ours that has not expired. */
  verify(token: string): Promise<TokenClaims | undefined>;
}

/** @param key at least 32 bytes, derived from the secret of the node or cluster. */
export function createTokens(key: Uint8Array): Tokens {
  return {
    sign: ({ session, user }, expiresAt) =>
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(user)
        .setJti(session)
        .setIssuedAt()
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .sign(key),
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: 'JWT',
          requiredClaims: ['exp', 'jti', 'sub'],
        });
        const { jti, sub } = payload;
        return jti === undefined || sub === undefined ? undefined : { session: jti, user: sub };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
