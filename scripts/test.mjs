// npm test: sets up, then runs every test that this machine can run. Arguments go to vitest.
import { writeFileSync, readFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureInstalled, node24, root, run } from './setup.mjs';

ensureInstalled();
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
for (const file of result.testResults ?? []) {
  for (const test of file.assertionResults) {
    if (test.status === 'pending' || test.status === 'skipped') console.log(`skipped: ${test.fullName}`);
  }
}
console.log(
  `${result.numPassedTests ?? 0} passed, ${result.numFailedTests ?? 0} failed, ${result.numPendingTests ?? 0} skipped`,
);
process.exit(status);
