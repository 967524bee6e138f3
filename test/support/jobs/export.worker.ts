/**
 * A process that makes exports of an archive and stops in the middle of each, for ever: to be killed. Arguments: folder of
 * the archive, file in which it writes that it has begun.
 */
import { appendFileSync } from 'node:fs';
import { archiveNode } from '../archive/archive-node.ts';
import { openExports } from './exports.ts';

const [folder = '', begun = ''] = process.argv.slice(2);
const node = await archiveNode({ folder, checkMs: 3_600_000 });
const { exports } = await openExports(node, async () => {
  appendFileSync(begun, 'begun\n');
  await new Promise(() => undefined);
});
exports.start();
setInterval(() => undefined, 1_000);
