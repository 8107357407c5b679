import { isAlive } from '@mystocks/testing';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan.ts';

/** The process that runs the stack of this directory, when one does. A file left by a crash counts for nothing. */
export function runningStack(plan: Plan): number | undefined {
  const file = plan.file('stack.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  return Number.isInteger(pid) && pid > 1 && isAlive(pid) && commandOf(pid).includes('stack/start.ts')
    ? pid
    : undefined;
}

/** The command line of a process: a number in a file may belong to another program by now. */
export function commandOf(pid: number): string {
  const path = `/proc/${String(pid)}/cmdline`;
  if (existsSync('/proc/self')) return existsSync(path) ? readFileSync(path, 'utf8') : '';
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}

/** Says that this process runs the stack. Two that start at the same moment: one of them throws. */
export function claimStack(plan: Plan): void {
  const file = plan.file('stack.pid');
  const running = runningStack(plan);
  if (running !== undefined && running !== process.pid) {
    throw new Error(
      `the stack in ${plan.directory} runs already (process ${String(running)}); \`npm run stop\` stops it`,
    );
  }
  rmSync(file, { force: true });
  writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
}

export function releaseStack(plan: Plan): void {
  const file = plan.file('stack.pid');
  if (existsSync(file) && readFileSync(file, 'utf8') === String(process.pid)) rmSync(file);
}
