// npm test: sets up, then runs every test that this machine can run, and names what it skipped. Arguments go to vitest.
// With CI=true a skipped test is a failure, but for those that need ../shared where there is none.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { node24, root, run, say } from './setup.mjs';

await prepare();
const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-test-'));
const report = path.join(folder, 'report.json');
writeFileSync(report, '{}');
const status = run(node24, [
  path.join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
const result = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });

const hasShared = existsSync(path.join(root, '../shared'));
const needsShared = (file) => /simulator|shared\//i.test(readFileSync(file, 'utf8'));
const skipped = (result.testResults ?? []).flatMap(({ name: file, assertionResults }) =>
  assertionResults
    .filter((test) => ['pending', 'skipped', 'todo'].includes(test.status))
    .map((test) => ({ file, name: test.fullName })),
);
for (const { file, name } of skipped) console.log(`skipped: ${path.relative(root, file)}: ${name}`);
const unwanted =
  process.env.CI === 'true' ? skipped.filter(({ file }) => hasShared || !needsShared(file)) : [];
if (unwanted.length > 0)
  say(`${unwanted.length} tests were skipped, which CI allows only for want of ../shared`);
console.log(
  `${result.numPassedTests ?? 0} passed, ${result.numFailedTests ?? 0} failed, ${skipped.length} skipped`,
);
process.exit(status === 0 && unwanted.length > 0 ? 1 : status);
