import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { logFile } from './logs.ts';
import { readPlan } from './plan.ts';

interface Message {
  readonly line?: string;
  readonly ready?: boolean;
}

/** Runs the stack in a process of its own and returns when it is ready, or when it failed. */
export async function detach(flags: readonly string[]): Promise<void> {
  const plan = readPlan();
  mkdirSync(plan.logs, { recursive: true, mode: 0o700 });
  const log = openSync(logFile(plan, 'stack'), 'a', 0o600);
  const script = fileURLToPath(new URL('start.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, ...flags], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  const stop = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', stop).on('SIGTERM', stop);
  await new Promise<void>((resolve) => {
    child.on('message', ({ line, ready }: Message) => {
      if (line !== undefined) process.stdout.write(`${line}\n`);
      if (ready === true) resolve();
    });
    child.once('exit', (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });
  if (child.connected) child.disconnect();
  child.unref();
  process.off('SIGINT', stop).off('SIGTERM', stop);
}
