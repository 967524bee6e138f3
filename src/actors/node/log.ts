import { destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';

export type NodeLog = PinoLogger;

/** Fields that hold secrets wherever they stand. */
const SECRET_FIELDS = [
  'password',
  'credentials',
  'token',
  'secret',
  'authorization',
  'cookie',
  'passwordHash',
];

/** Users and passwords in addresses, also inside other texts. */
const IN_ADDRESS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']*@/gi;

/** Takes users and passwords out of every address in a text. */
export const withoutCredentials = (text: string): string => text.replace(IN_ADDRESS, '$1');

/** One JSON object a line on stderr: `level`, `time` (RFC 3339), `node`, the fields, `msg`. */
export function createLog(options: { level: 'debug' | 'info' | 'warn' | 'error'; node: string }): NodeLog {
  return pino(
    {
      level: options.level,
      base: { node: options.node },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '(hidden)',
      },
      hooks: { streamWrite: withoutCredentials },
    },
    destination({ fd: 2, sync: false }),
  );
}
