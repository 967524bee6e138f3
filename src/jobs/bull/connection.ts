import type { QueueOptions } from 'bull';

export type RedisOptions = Exclude<NonNullable<QueueOptions['redis']>, string>;

const LONGEST_RETRY_MS = 5_000;

/**
 * How to reach Redis: `redis://` or, with TLS, `rediss://`, with user, password and database number where they are
 * needed. It is tried again for ever.
 *
 * @param ca certificates (PEM) that are trusted for `rediss://`; null takes those of the system
 * @throws Error that says what is wrong with the address, without the address, which may hold a password
 */
export function redisOptions(url: string, ca: string | null): RedisOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol))
    throw new Error('the address of Redis must begin with redis:// or rediss://');
  const db = parsed.pathname.slice(1);
  if (!/^\d{0,3}$/.test(db))
    throw new Error('behind the host of Redis only the number of a database may stand');
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    db: Number(db),
    ...(parsed.protocol === 'rediss:' ? { tls: ca === null ? {} : { ca } } : {}),
    connectTimeout: 5_000,
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    retryStrategy: (times: number) => Math.min(LONGEST_RETRY_MS, 100 * 2 ** Math.min(times, 10)),
  };
}
