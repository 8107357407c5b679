import { readFileSync } from 'node:fs';

/** What a process needs beside its connections: logs, pools, libraries. */
const SPARE = 500;

/**
 * How many files a process started from here may hold open, connections among them (`ulimit -n`). Node and k6 raise the
 * soft limit to the hard one themselves; nothing raises the hard one. Undefined where the system does not tell.
 */
export function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const [, hard] = /^Max open files +\d+ +(\d+)/m.exec(limits) ?? [];
    return hard === undefined ? undefined : Number(hard);
  } catch {
    return undefined;
  }
}

/** @throws when one process of this shell cannot hold that many connections open */
export function mayOpen(connections: number, limit: number | undefined = openFilesMax()): void {
  if (limit !== undefined && limit < connections + SPARE)
    throw new Error(
      `${connections} connections need as many open files and ${SPARE} more, but this shell allows ${limit} (ulimit -Hn): raise it there, or ask for fewer --callers`,
    );
}
