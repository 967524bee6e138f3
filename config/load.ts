import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { type Config, configKeys, ConfigSchema } from './schema.ts';
import { type ReadVariable, readVariables } from './variables.ts';

export interface ConfigProblem {
  /** Dotted key. */
  readonly key: string;
  /** What was given, as JSON; `(hidden)` for secrets and addresses with passwords. */
  readonly value: string;
  /** `file:line:column`, or the name of the variable. */
  readonly place: string;
  readonly message: string;
}

/** The configuration cannot be used; `problems` and the message name each key, value and place. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ key, value, place, message }) => `  ${key || '(top)'} = ${value} in ${place}: ${message}`,
    );
    super(`the configuration is not valid\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export interface LoadedConfig {
  readonly config: Config & { readonly nodeId: string };
  /** The file that was read, absolute; null when there is none. */
  readonly file: string | null;
  readonly warnings: readonly string[];
}

interface FileContent {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Reads the file that `SIGHTMESH_CONFIG` names, else `<data>/sightmesh.yaml` when it exists, and the variables, which
 * win over the file. Paths become absolute: in the file relative to it, in variables to the working directory.
 * @throws ConfigError
 */
export function loadConfig(
  env: NodeJS.ProcessEnv = process.env,
  directory: string = process.cwd(),
): LoadedConfig {
  const variables = readVariables(env);
  const content = readConfigFile(env, directory);
  const merged = plainObject(content?.document.toJS());
  if (content && merged === undefined) {
    throw new ConfigError([
      {
        key: '',
        value: shorten(content.document.toJS()),
        place: content.file,
        message: 'must be a map of keys',
      },
    ]);
  }
  const values = withoutEmptySections(merged ?? {});
  for (const { path: keyPath, value } of variables.read) assign(values, keyPath, value);
  const parsed = ConfigSchema.safeParse(values);
  const problems: ConfigProblem[] = [...variables.problems];
  for (const issue of parsed.error?.issues ?? []) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const at of paths) {
      const message = issue.code === 'unrecognized_keys' ? unknownKey(at.map(String)) : issue.message;
      problems.push(describe(at.map(asPart), message, values, variables.read, content));
    }
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return {
    config: absolute(parsed.data, variables.read, content?.file, directory),
    file: content?.file ?? null,
    warnings: variables.warnings,
  };
}

type Part = string | number;
const asPart = (part: PropertyKey): Part => (typeof part === 'number' ? part : String(part));

function readConfigFile(env: NodeJS.ProcessEnv, directory: string): FileContent | undefined {
  const named = env['SIGHTMESH_CONFIG'];
  const file = path.resolve(
    directory,
    named ?? path.join(env['SIGHTMESH_DATA'] ?? './data', 'sightmesh.yaml'),
  );
  if (named === undefined && !existsSync(file)) return undefined;
  const lines = new LineCounter();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      {
        key: 'SIGHTMESH_CONFIG',
        value: shorten(file),
        place: 'SIGHTMESH_CONFIG',
        message: `cannot be read: ${why}`,
      },
    ]);
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        const value = shorten(text.split('\n')[line - 1]?.replace(/:.*/, ': …').trim());
        return { key: '', value, place: `${file}:${line}:${col}`, message: error.message };
      }),
    );
  }
  return { file, document, lines };
}

function describe(
  at: readonly Part[],
  message: string,
  values: Record<string, unknown>,
  variables: readonly ReadVariable[],
  content: FileContent | undefined,
): ConfigProblem {
  const key = at.join('.');
  const variable = variables.find((one) => startsWith(at, one.path));
  const value = isSecret(at) ? '(hidden)' : shorten(at.reduce<unknown>(member, values));
  return { key, value, place: variable?.place ?? placeInFile(at, content), message };
}

function placeInFile(at: readonly Part[], content: FileContent | undefined): string {
  if (!content) return 'the defaults';
  for (let length = at.length; length > 0; length -= 1) {
    const node: unknown = content.document.getIn(at.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const { line, col } = content.lines.linePos(Number(node.range[0]));
      return `${content.file}:${line}:${col}`;
    }
  }
  return content.file;
}

function unknownKey(at: readonly string[]): string {
  const [first] = at;
  const known = configKeys().map(({ key }) => key);
  if (first === 'cameras' || known.includes(at.slice(0, -1).join('.'))) return 'no such key';
  const near = known.filter((key) => key.startsWith(at.slice(0, -1).join('.')));
  return `no such key; there are ${(near.length > 0 ? near : known).join(', ')}`;
}

const SECRET_NAMES = new Set(['url', 'subUrl', 'username', 'password']);

function isSecret(at: readonly Part[]): boolean {
  const last = at.at(-1);
  if (at[0] === 'cameras') return at.length < 3 || (typeof last === 'string' && SECRET_NAMES.has(last));
  return configKeys().some((key) => key.secret && startsWith(at, key.path));
}

const startsWith = (at: readonly Part[], prefix: readonly string[]): boolean =>
  prefix.every((part, index) => at[index] === part);

const member = (value: unknown, part: Part): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[String(part)] : undefined;

function shorten(value: unknown): string {
  const text = value === undefined ? '(nothing)' : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function plainObject(value: unknown): Record<string, unknown> | undefined {
  if (value === null || value === undefined) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

/** `http:` with nothing below it means the same as no `http:` at all. */
function withoutEmptySections(values: Record<string, unknown>): Record<string, unknown> {
  const sections = new Set(configKeys().flatMap(({ path: at }) => (at.length > 1 ? at.slice(0, 1) : [])));
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => value !== null || !sections.has(key)),
  );
}

function assign(target: Record<string, unknown>, at: readonly string[], value: unknown): void {
  const [first, ...rest] = at;
  if (first === undefined) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = plainObject(target[first]);
  if (inner === undefined) return;
  target[first] = inner;
  assign(inner, rest, value);
}

function absolute(
  config: Config,
  variables: readonly ReadVariable[],
  file: string | undefined,
  directory: string,
): LoadedConfig['config'] {
  const resolve = (key: string, value: string): string => {
    const fromVariable = file === undefined || variables.some((variable) => variable.path.join('.') === key);
    return path.resolve(fromVariable ? directory : path.dirname(file), value);
  };
  const maybe = (key: string, value: string | null): string | null =>
    value === null ? null : resolve(key, value);
  return {
    ...config,
    nodeId: config.nodeId ?? hostId(os.hostname()),
    data: config.data === './data' ? path.resolve(directory, 'data') : resolve('data', config.data),
    tls: { cert: maybe('tls.cert', config.tls.cert), key: maybe('tls.key', config.tls.key) },
    redis: { ...config.redis, ca: maybe('redis.ca', config.redis.ca) },
    archive: {
      ...config.archive,
      volumes: config.archive.volumes.map((one) => ({ ...one, path: resolve('archive.volumes', one.path) })),
    },
  };
}

const hostId = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63) || 'node';
