import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configKeys, ConfigSchema } from '../../../config/schema.ts';
import { cells } from '../../support/markdown.ts';

const root = new URL('../../../', import.meta.url);
const shown = (value: unknown): string => {
  if (value === null) return '(empty)';
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(', ');
  return typeof value === 'object' ? '(none)' : JSON.stringify(value).replaceAll('"', '');
};

test('docs/configuration.md lists every key with variable, default and meaning, and no other', () => {
  const rows = cells(readFileSync(new URL('docs/configuration.md', root), 'utf8'));
  const wanted = configKeys().map((key) => [
    `\`${key.key}\``,
    `\`${key.variable}\`${key.secret ? ' *secret*' : ''}`,
    shown(key.default),
    key.meaning,
  ]);
  expect(rows).toEqual(wanted);
});

test('every key has a meaning', () => {
  expect(configKeys().filter(({ meaning }) => meaning === '')).toEqual([]);
});

test('the example is valid', () => {
  const example = parse(readFileSync(new URL('config/example.yaml', root), 'utf8')) as unknown;
  expect(ConfigSchema.parse(example).archive.volumes.map(({ keepFree }) => keepFree)).toEqual([
    null,
    50 * 2 ** 30,
  ]);
});
