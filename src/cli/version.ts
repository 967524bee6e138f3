import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, refuseArguments } from './command.ts';

/** Of this program. */
export const version = (): string => {
  const file = path.resolve(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};

/** `sightmesh version` */
export const showVersion: Command = (args) => {
  refuseArguments('version', args);
  process.stdout.write(`sightmesh ${version()}, Node ${process.versions.node}\n`);
  return Promise.resolve(undefined);
};
