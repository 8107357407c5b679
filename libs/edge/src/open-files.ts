import { readFileSync } from 'node:fs';

/** What a process needs beside its connections: logs, pools, libraries. */
const SPARE = 500;

/**
 * How many files this process may hold open, connections among them (`ulimit -n`). Node raises the soft limit to the
 * hard one itself; nothing raises the hard one. Undefined where the system does not say.
 */
export function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const [, hard] = /^Max open files +\S+ +(\d+)/m.exec(limits) ?? [];
    return hard === undefined ? undefined : Number(hard);
  } catch {
    return undefined;
  }
}

/**
 * As many of the wanted connections as the process may open: without files the system would refuse new connections
 * before an idle one could be closed for them.
 */
export function connectionsWithin(wanted: number, filesMax: number | undefined = openFilesMax()): number {
  if (filesMax === undefined || filesMax >= wanted + SPARE) return wanted;
  return Math.max(Math.floor(filesMax / 2), filesMax - SPARE);
}
