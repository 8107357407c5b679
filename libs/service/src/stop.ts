import { setTimeout as delay } from 'node:timers/promises';
import { log } from '@mystocks/telemetry';

/** Everything must be closed within this, or the process ends with code 1 (grace period 45 s, reliability.md §3). */
const CLOSE_TIMEOUT_MS = 25_000;

export interface WayDown {
  /** How long to serve on after readiness turned false, so that no new work is sent here. */
  readonly delayMs: number;
  readonly notReady: () => void;
  readonly close: () => Promise<void>;
}

/**
 * SIGTERM or SIGINT: not ready at once, serve on for a while, close in order, exit 0. A second signal ends at once.
 * An error nobody caught takes the same way and exits 1: going on in an unknown state could tell wrong prices.
 */
export function stopOnSignals(way: WayDown): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= walkDown(way));

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping !== undefined) process.exit(1);
    log.info({ signal }, 'stopping');
    endWith(way, stop(), 0);
  };
  const onError = (error: unknown): void => {
    log.fatal({ err: error }, 'nobody caught this: stopping');
    if (stopping === undefined) endWith(way, stop(), 1);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('uncaughtException', onError).on('unhandledRejection', onError);
  return async () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    process.off('uncaughtException', onError).off('unhandledRejection', onError);
    await stop();
  };
}

async function walkDown(way: WayDown): Promise<void> {
  way.notReady();
  await delay(way.delayMs);
  await way.close();
  log.info('stopped');
}

function endWith(way: WayDown, stopped: Promise<void>, code: number): void {
  setTimeout(() => {
    log.fatal('did not close in time');
    process.exit(1);
  }, way.delayMs + CLOSE_TIMEOUT_MS).unref();
  stopped.then(
    () => process.exit(code),
    (error: unknown) => {
      log.fatal({ err: error }, 'could not close');
      process.exit(1);
    },
  );
}
