import { readFileSync } from 'node:fs';
import { type ConfigKey, configKeys } from './schema.ts';
import type { ConfigProblem } from './load.ts';

export interface ReadVariable {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Name of the variable, and of its file where it came from one. */
  readonly place: string;
}

interface Read {
  readonly read: readonly ReadVariable[];
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/** Names that are fixed for parts which this version does not have: accepted, and said. */
const RESERVED: Readonly<Record<string, string>> = {
  SIGHTMESH_NATS_URL: 'clusters',
  SIGHTMESH_MONGO_URL: 'clusters',
  SIGHTMESH_LINK_PORT: 'clusters',
  SIGHTMESH_RTSP_PORT: 'RTSP out',
  SIGHTMESH_RTSP_UDP_PORTS: 'RTSP out',
  SIGHTMESH_RTSP_PLAIN_PASSWORDS: 'RTSP out',
  SIGHTMESH_WEBHOOK_ALLOW_PRIVATE: 'rules with webhooks',
};

/** Reads all `SIGHTMESH_…` variables. An unknown one is a problem, since it is most likely a mistyped one. */
export function readVariables(env: NodeJS.ProcessEnv): Read {
  const keys = configKeys();
  const read: ReadVariable[] = [];
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith('SIGHTMESH_')) continue;
    if (name === 'SIGHTMESH_CONFIG' || name.startsWith('SIGHTMESH_TEST_')) continue;
    const reserved = RESERVED[name];
    if (reserved !== undefined) {
      warnings.push(`${name} has no effect: this version has no ${reserved}`);
      continue;
    }
    const found = keyOf(name, keys);
    if (!found) {
      problems.push({ key: name, value: '(hidden)', place: name, message: 'no such variable' });
      continue;
    }
    try {
      read.push(readOne(found.key, found.fromFile, name, text));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const value = found.key.secret && !found.fromFile ? '(hidden)' : JSON.stringify(text);
      problems.push({ key: found.key.key, value, place: name, message });
    }
  }
  return { read: plainBeforeFile(read), problems, warnings };
}

function keyOf(name: string, keys: readonly ConfigKey[]): { key: ConfigKey; fromFile: boolean } | undefined {
  const plain = keys.find((key) => key.variable === name);
  if (plain) return { key: plain, fromFile: false };
  const filed = keys.find((key) => key.secret && `${key.variable}_FILE` === name);
  return filed && { key: filed, fromFile: true };
}

function readOne(key: ConfigKey, fromFile: boolean, name: string, text: string): ReadVariable {
  if (!fromFile) return { path: key.path, value: valueOf(key, text), place: name };
  let content: string;
  try {
    content = readFileSync(text, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the file cannot be read: ${why}`, { cause: error });
  }
  return { path: key.path, value: valueOf(key, content.replace(/\r?\n$/, '')), place: `${name} (${text})` };
}

/** Where both are given, the plain variable comes first and the file wins. */
const plainBeforeFile = (read: readonly ReadVariable[]): readonly ReadVariable[] =>
  read.toSorted((a, b) => Number(a.place.includes('_FILE (')) - Number(b.place.includes('_FILE (')));

/** An empty variable means the same as an absent one for what may be empty. */
function valueOf(key: ConfigKey, text: string): unknown {
  if (text === '' && key.default === null) return null;
  switch (key.kind) {
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return booleanOf(text);
    case 'list':
      return listOf(key, text);
    case 'map':
      return mapOf(text);
    case 'string':
      return text;
  }
}

function booleanOf(text: string): unknown {
  const known: Record<string, boolean> = {
    true: true,
    1: true,
    yes: true,
    on: true,
    false: false,
    0: false,
    no: false,
    off: false,
  };
  return known[text.trim().toLowerCase()] ?? text;
}

function listOf(key: ConfigKey, text: string): unknown {
  if (text.trim().startsWith('[')) return parseJson(text);
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  return key.key === 'archive.volumes' ? parts.map((part) => ({ path: part })) : parts;
}

function mapOf(text: string): unknown {
  if (text.trim().startsWith('{')) return parseJson(text);
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error('is not valid JSON');
  }
}
