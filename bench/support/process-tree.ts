import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUsage {
  readonly processes: number;
  /** CPU time of the tree so far, ended and waited-for children included, milliseconds. */
  readonly cpuMs: number;
  /** Resident bytes of all processes together (RSS); what they share counts for each. */
  readonly residentBytes: number;
  /** The same with what is shared divided among those who share it (PSS). */
  readonly proportionalBytes: number;
}

const TICKS_PER_SECOND = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { pid, parent: fields[1] ?? 0, ticks: user + system + childUser + childSystem };
  } catch {
    return undefined;
  }
}

function memoryOf(pid: number, kind: 'Rss' | 'Pss'): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
    const [, kilobytes] = new RegExp(`^${kind}:\\s+(\\d+) kB`, 'm').exec(text) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What the processes and all that descend from them have used (Linux, proc(5)). */
export function treeUsage(roots: readonly number[]): TreeUsage {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : [],
  );
  const byParent = Map.groupBy(all, ({ parent }) => parent);
  const tree = all.filter(({ pid }) => roots.includes(pid));
  for (const { pid } of tree) tree.push(...(byParent.get(pid) ?? []));
  return {
    processes: tree.length,
    cpuMs: (tree.reduce((sum, { ticks }) => sum + ticks, 0) * 1000) / TICKS_PER_SECOND,
    residentBytes: tree.reduce((sum, { pid }) => sum + memoryOf(pid, 'Rss'), 0),
    proportionalBytes: tree.reduce((sum, { pid }) => sum + memoryOf(pid, 'Pss'), 0),
  };
}
