// npm run bench -- NAME [arguments]: sets up, then runs bench/NAME.ts, which prints one JSON line. Without a name: lists them.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { node24, root, run, say } from './setup.mjs';

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(path.join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
if (name === undefined || !names.includes(name)) {
  say(`npm run bench -- ${names.join(' | ')}`);
  process.exit(1);
}
await prepare();
process.exit(
  run(node24, ['--disable-warning=ExperimentalWarning', path.join(root, 'bench', `${name}.ts`), ...args]),
);
