import { accounts } from './accounts.ts';
import { archive } from './archive.ts';
import { catalog } from './catalog.ts';
import type { Contract } from './define.ts';
import { jobs } from './jobs.ts';
import { director } from './node.ts';
import { mediaRoutes } from './routes.ts';

/** Every contract with actions that can be reached from outside. */
export const PUBLIC_CONTRACTS: readonly Contract[] = [
  catalog,
  accounts,
  archive,
  jobs,
  director,
  mediaRoutes,
];
