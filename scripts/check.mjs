// npm run check: types, lint with import directions, formatting, dead code. Runs all, two at a time, shows only what
// fails, and fails if one does. --fresh keeps no results of earlier runs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, environment, node24, root, say } from './setup.mjs';

ensureInstalled();
const cache = (name) =>
  process.argv.includes('--fresh')
    ? []
    : ['--cache', '--cache-location', path.join(root, 'node_modules/.cache', name)];
const steps = [
  ['lint', 'eslint/bin/eslint.js', ['--max-warnings=0', ...cache('eslint/'), '.']],
  ['types', 'typescript/bin/tsc', []],
  ...(existsSync(path.join(root, 'web/tsconfig.json'))
    ? [['types of the console', 'typescript/bin/tsc', ['-p', 'web']]]
    : []),
  [
    'formatting',
    'prettier/bin/prettier.cjs',
    ['--check', '--log-level=warn', ...cache('prettier-check'), '.'],
  ],
  ['dead code', 'knip/bin/knip.js', []],
];

function runStep([what, file, args]) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(node24, [path.join(root, 'node_modules', file), ...args], {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.once('close', (code) => {
      const seconds = Math.round((Date.now() - started) / 1000);
      if (code !== 0) process.stdout.write(output);
      say(`${what}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
      resolve(code === 0);
    });
  });
}

const waiting = [...steps];
const results = [];
const worker = async () => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift())
    results.push(await runStep(step));
};
await Promise.all([worker(), worker()]);
process.exit(results.every(Boolean) ? 0 : 1);
