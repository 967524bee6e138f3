import { z } from 'zod';
import { CameraInput } from '../src/contracts/entities.ts';

const UNITS: Record<string, number> = { B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

/** Bytes: a number, or text such as `2 GiB`. */
export const Size = z
  .union([z.number(), z.string()])
  .transform((value, ctx) => {
    if (typeof value === 'number') return value;
    const [, amount = '', unit = 'B'] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]iB|B)?\s*$/i.exec(value) ?? [];
    if (amount === '') {
      ctx.addIssue({
        code: 'custom',
        message: 'must be a number of bytes or a size such as 500 MiB or 2 GiB',
      });
      return z.NEVER;
    }
    return Math.round(Number(amount) * (UNITS[unit.toUpperCase()] ?? 1));
  })
  .pipe(z.number().int().min(0));

const Port = z.number().int().min(0).max(65535);
const Label = z.string().min(1).max(64);

export const ROLES_OF_NODES = ['ingest', 'record', 'analyze', 'restream', 'gateway'] as const;

/** A key that may also come from a file, by the variable with `_FILE`, and whose value is never shown. */
const secret = { secret: true };

/**
 * Every key of the configuration with its type, default and meaning. Each is also a variable: `http.port` is
 * `SIGHTMESH_HTTP_PORT`. `docs/configuration.md` lists the same, checked by a test.
 */
export const ConfigSchema = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('./data')
    .describe('Folder of everything that the node keeps: catalog, journal, archive, keys, cache.'),
  nodeId: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be 1 to 63 letters, digits, . _ -')
    .nullable()
    .default(null)
    .describe('Name of this node. Empty: the host name.'),
  roles: z
    .array(z.enum(ROLES_OF_NODES))
    .min(1)
    .default([...ROLES_OF_NODES])
    .describe('What this node hosts: ingest, record, analyze, restream, gateway.'),
  labels: z
    .record(Label, z.string().max(256))
    .default({})
    .describe('Labels of this node, for placement. As a variable: `site=berlin,gpu=yes`.'),
  advertise: z
    .string()
    .min(1)
    .max(253)
    .nullable()
    .default(null)
    .describe(
      'Host name or address by which viewers reach this node. Empty: the addresses of its interfaces.',
    ),
  secret: z
    .string()
    .min(16, 'must have at least 16 characters')
    .nullable()
    .default(null)
    .meta(secret)
    .describe(
      'Keys for camera credentials and tokens derive from it. Empty: one is made and kept in the data folder.',
    ),
  adminPassword: z
    .string()
    .min(8, 'must have at least 8 characters')
    .max(256)
    .nullable()
    .default(null)
    .meta(secret)
    .describe(
      'Password of the first user, `admin`, set again at each start. Empty: a random one, printed once.',
    ),
  demo: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('Demo cameras. auto: on a lone node without a camera, gone with the first real one.'),
  http: z
    .strictObject({
      host: z.string().min(1).default('0.0.0.0').describe('Address to listen on for web and API.'),
      port: Port.default(8080).describe('Port of web, API and MSE. 0: any free one.'),
      trustProxy: z
        .boolean()
        .default(false)
        .describe('Believe X-Forwarded-For and X-Forwarded-Proto, for a node behind a proxy of yours.'),
    })
    .prefault({}),
  tls: z
    .strictObject({
      cert: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('File with the certificate chain (PEM). Turns HTTPS on.'),
      key: z.string().min(1).nullable().default(null).describe('File with the private key (PEM).'),
    })
    .refine(
      ({ cert, key }) => (cert === null) === (key === null),
      'tls.cert and tls.key must be given together',
    )
    .prefault({}),
  webrtc: z
    .strictObject({
      port: Port.default(8555).describe('Port of WebRTC, UDP and TCP. 0: any free one.'),
      workers: z
        .number()
        .int()
        .min(1)
        .max(64)
        .nullable()
        .default(null)
        .describe(
          'Media workers (processes). Empty: a quarter of the cores, at least one. The first has the port, the second the port plus 2, the third plus 3, and so on.',
        ),
    })
    .prefault({}),
  archive: z
    .strictObject({
      volumes: z
        .array(
          z.strictObject({
            path: z.string().min(1),
            tier: z.enum(['hot', 'cold']).default('hot'),
            keepFree: Size.nullable().default(null),
          }),
        )
        .default([])
        .describe(
          'Folders for recordings: `{path, tier, keepFree}` each. As a variable: paths with commas. Empty: `<data>/archive`.',
        ),
      keepFree: Size.nullable()
        .default(null)
        .describe(
          'Room that stays free on each volume, oldest recordings go first. Bytes, or text such as 2 GiB. Empty: 2 GiB, on small volumes a tenth.',
        ),
    })
    .prefault({}),
  exports: z
    .strictObject({
      keepHours: z
        .number()
        .min(0.1)
        .max(8760)
        .default(72)
        .describe('How long a finished export is kept, hours.'),
      maxSize: Size.nullable()
        .default(null)
        .describe(
          'Room for all exports together. Bytes, or text such as 20 GiB. Empty: a tenth of the disk.',
        ),
    })
    .prefault({}),
  inference: z
    .strictObject({
      workers: z
        .number()
        .int()
        .min(1)
        .max(64)
        .nullable()
        .default(null)
        .describe('Analysis workers (processes). Empty: one less than the cores, at least one.'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .meta(secret)
        .describe(
          'Redis for exports and other long jobs of a cluster, redis:// or, with TLS, rediss://. Empty: the catalog of this node keeps them.',
        ),
      ca: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'File with the certificates (PEM) that are trusted for rediss://. Empty: those of the system.',
        ),
    })
    .prefault({}),
  sessions: z
    .strictObject({
      hours: z.number().min(0.1).max(8760).default(168).describe('How long a login lasts, hours.'),
      loginsPerMinute: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(10)
        .describe('Failed logins per minute, by address and by user name, before further ones are refused.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('The least important line to log.'),
    })
    .prefault({}),
  cameras: z
    .array(CameraInput)
    .default([])
    .describe('Cameras of this file, read-only in the console. Fields as in `POST /api/v1/cameras`.'),
});

export type Config = z.output<typeof ConfigSchema>;

export interface ConfigKey {
  /** Dotted, as in the file. */
  readonly key: string;
  readonly path: readonly string[];
  readonly variable: string;
  /** `string`, `number`, `boolean`, `list` or `map`, as far as reading a variable needs it. */
  readonly kind: 'string' | 'number' | 'boolean' | 'list' | 'map';
  readonly secret: boolean;
  readonly default: unknown;
  readonly meaning: string;
}

const variableOf = (path: readonly string[]): string =>
  `SIGHTMESH_${path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')}`;

function unwrap(type: z.ZodType): z.ZodType {
  let inner = type;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

function kindOf(type: z.ZodType): ConfigKey['kind'] {
  const inner = unwrap(type);
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodArray) return 'list';
  if (inner instanceof z.ZodRecord) return 'map';
  return 'string';
}

/** All keys, in the order of the schema. */
export function configKeys(schema: z.ZodObject = ConfigSchema, above: readonly string[] = []): ConfigKey[] {
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, type]) => {
    const path = [...above, name];
    const inner = unwrap(type);
    if (inner instanceof z.ZodObject) return configKeys(inner, path);
    return [
      {
        key: path.join('.'),
        path,
        variable: variableOf(path),
        kind: kindOf(type),
        secret: type.meta()?.['secret'] === true,
        default: type instanceof z.ZodDefault ? type.def.defaultValue : undefined,
        meaning: type.description ?? '',
      },
    ];
  });
}
