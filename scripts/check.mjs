// npm run check: types, lint with import directions, formatting, dead code. Runs all and fails if one fails.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, node24, root, run, say } from './setup.mjs';

ensureInstalled();
const tool = (name, ...args) => [name, [path.join(root, 'node_modules', name), ...args]];
const steps = [
  ['types', 'typescript/bin/tsc', []],
  ...(existsSync(path.join(root, 'web/tsconfig.json'))
    ? [['types of the console', 'typescript/bin/tsc', ['-p', 'web']]]
    : []),
  ['lint', 'eslint/bin/eslint.js', ['--max-warnings=0', '.']],
  ['formatting', 'prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']],
];
const failed = steps.filter(([what, file, args]) => {
  const started = Date.now();
  const status = run(node24, tool(file, ...args)[1]);
  say(`${what}: ${status === 0 ? 'ok' : 'FAILED'} (${Math.round((Date.now() - started) / 1000)} s)`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
