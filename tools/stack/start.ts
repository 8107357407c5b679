import { detach } from './detach.ts';
import { startBanner } from './start-banner.ts';
import { readPlan } from './plan.ts';
import { loadSample } from './sample.ts';
import { Stack } from './stack.ts';

const known = ['--no-sample', '--detach'];
const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => !known.includes(flag));
const usage = 'npm start [-- [--no-sample] [--detach]]';

// The reader of our output may end (`npm start | head`): that is no reason to stop.
process.stdout.on('error', () => undefined);

// In the background progress goes to the one that started us, as long as it listens.
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
  if (process.connected) process.send?.({ line }, undefined, undefined, () => undefined);
};

// The last words hold the administrator's password: in the background standard output is a log file, and a log is no place for it.
const sayOnce = (line: string): void => {
  if (!process.connected) say(line);
  else process.send?.({ line }, undefined, undefined, () => undefined);
};

try {
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(' ')}. Usage: ${usage}`);
  if (flags.includes('--detach') && process.send === undefined) await detach(flags);
  else await run();
} catch (error) {
  say(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function run(): Promise<void> {
  const plan = readPlan();
  const stack = new Stack(plan, say);
  let stopping = false;
  const stop = (): void => {
    // Asked twice: go at once. What is left dies with this process (libs/testing, guard).
    if (stopping) process.exit(130);
    stopping = true;
    say('stopping …');
    void stack.stop().then(
      () => {
        say('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        say(`stopping failed: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // The started programs do not keep this process alive; this does.
  setInterval(() => undefined, 60_000);
  try {
    const administrator = await stack.start();
    if (!flags.includes('--no-sample')) await loadSample(plan, say);
    sayOnce(startBanner(plan, administrator, flags.includes('--detach')));
    if (process.connected) process.send?.({ ready: true }, undefined, undefined, () => undefined);
  } catch (error) {
    if (!stopping) throw error;
  }
}
