import { Failure } from '@mystocks/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 60;

/**
 * Runs `create`, which makes a database and its tables, up to 60 times, a second apart, while TDengine cannot be reached
 * or none of its dnodes is ready. `report` receives the reason of each wait.
 * @throws the last error of `create`; any other error at once
 */
export async function createWhenReady(
  create: () => Promise<void>,
  report: (text: string) => void,
  pauseMs = 1_000,
): Promise<void> {
  for (let triesLeft = TRIES - 1; ; triesLeft -= 1) {
    try {
      await create();
      return;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'unavailable' || triesLeft === 0) throw error;
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      report(`TDengine is not ready (${reason}); ${String(triesLeft)} more tries, a second apart`);
      await sleep(pauseMs);
    }
  }
}
