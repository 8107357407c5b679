import { openFilesMax } from '@mystocks/edge';

/** What a process needs beside its connections: logs, pools, libraries. */
const SPARE = 500;

/** @throws when one process of this shell cannot hold that many connections open */
export function mayOpen(connections: number, limit: number | undefined = openFilesMax()): void {
  if (limit !== undefined && limit < connections + SPARE)
    throw new Error(
      `${connections} connections need as many open files and ${SPARE} more, but this shell allows ${limit} (ulimit -Hn): raise it there, or ask for fewer --callers`,
    );
}
