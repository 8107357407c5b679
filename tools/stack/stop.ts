import { isAlive, waitFor } from '@mystocks/testing';
import { runningStack } from './pid-file.ts';
import { readPlan } from './plan.ts';

const STOP_MAX_MS = 60_000;

const pid = runningStack(readPlan());
if (pid === undefined) {
  process.stdout.write('nothing runs\n');
} else {
  process.kill(pid, 'SIGTERM');
  try {
    await waitFor(() => !isAlive(pid), { timeoutMs: STOP_MAX_MS, everyMs: 50 });
    process.stdout.write('stopped\n');
  } catch {
    process.stdout.write(
      `process ${String(pid)} has not stopped after ${String(STOP_MAX_MS / 1_000)} s; see its log\n`,
    );
    process.exitCode = 1;
  }
}
