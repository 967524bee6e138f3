import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS } from '../../../src/contracts/errors.ts';
import { cells } from '../../support/markdown.ts';

test('docs/errors.md lists every code with status, title and help, and no other', () => {
  const rows = cells(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8'));
  const wanted = Object.entries(ERRORS).map(([code, { status, title, help }]) => [
    `\`${code}\``,
    String(status),
    title,
    help,
  ]);
  expect(rows).toEqual(wanted);
});
