import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from './plan.ts';

const LOG_BYTES_MAX = 20 * 1_048_576;

/** The log file of a program; one that grew over 20 MiB is put aside first (one generation is kept). */
export function logFile(plan: Plan, name: string): string {
  const path = join(plan.logs, `${name}.log`);
  if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return path;
}
