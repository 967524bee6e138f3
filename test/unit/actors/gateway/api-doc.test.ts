import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wantedTypes } from '../../../../src/actors/gateway/event-stream.ts';
import { mergeParams, queryOf } from '../../../../src/actors/gateway/params.ts';
import { parseParams } from '../../../../src/contracts/define.ts';
import { ERRORS } from '../../../../src/contracts/errors.ts';
import { PUBLIC_CONTRACTS } from '../../../../src/contracts/index.ts';
import { API_BASE, restActions } from '../../../../src/contracts/openapi.ts';
import { ROLE_RIGHTS } from '../../../../src/contracts/rights.ts';
import { cells } from '../../../support/markdown.ts';

const text = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
const actions = restActions(PUBLIC_CONTRACTS);
const known = actions.map(({ method, path }) => `${method} ${path}`);

test('docs/api.md lists every route with its right and summary, and no other', () => {
  const rows = cells(text.slice(text.indexOf('## All routes')));
  const wanted = actions.map(({ method, path, definition: { access, summary } }) => [
    `\`${method} ${path}\``,
    `\`${String(access)}\``,
    summary,
  ]);
  expect(rows).toEqual(wanted);
});

test('every route that it names is there', () => {
  const named = Array.from(text.matchAll(/`((?:GET|POST|PATCH|PUT|DELETE) \/\S*)`/g), ([, route]) => route);
  expect(named.length).toBeGreaterThan(known.length);
  for (const route of named) expect(known).toContain(route);
});

test('its roles have the rights that it says', () => {
  const rows = cells(text.slice(text.indexOf('| role |'), text.indexOf('## Errors')));
  expect(rows).toEqual(
    Object.entries(ROLE_RIGHTS).map(([role, rights]) => [
      `\`${role}\``,
      rights.map((right) => `\`${right}\``).join(', '),
    ]),
  );
});

test('codes of errors in it exist', () => {
  for (const [, code = ''] of text.matchAll(/"code": "(\w+)"|\d{3} `(\w+)`/g)) {
    if (code !== '') expect(ERRORS).toHaveProperty(code);
  }
});

test('its examples are requests that the contracts take', () => {
  const commands = Array.from(text.matchAll(/```sh\n([^]*?)```/g), ([, block = '']) => block)
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.includes('curl '));
  expect(commands.length).toBeGreaterThan(12);
  for (const command of commands) {
    const url = /\$HOST(\S*?)["\s|]/.exec(`${command} `)?.[1] ?? '';
    const body = /-d '([^']*)'/.exec(command)?.[1];
    const method = /-X (\w+)/.exec(command)?.[1] ?? (body === undefined ? 'GET' : 'POST');
    const pathname = url.split('?', 1)[0] ?? '';
    const found = actions.find((action) => action.method === method && pattern(action.path).test(pathname));
    if (!found) throw new Error(`no route for: ${command}`);
    const path = pattern(found.path).exec(pathname)?.groups ?? {};
    const params = mergeParams(
      { ...path },
      queryOf(url),
      body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>),
    );
    expect(() => parseParams(found.definition, params), command).not.toThrow();
    if (typeof params['types'] === 'string') expect(() => wantedTypes(String(params['types']))).not.toThrow();
  }
});

const pattern = (path: string): RegExp =>
  new RegExp(`^${API_BASE}${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
