import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** The segment files below a folder, in order of time within each camera. */
export function segmentFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mp4'))
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).size > 0)
    .sort();
}
