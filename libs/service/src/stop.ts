import { setTimeout as delay } from 'node:timers/promises';
import { log } from '@mystocks/telemetry';

/** Everything must be closed within this time, or the process exits with code 1. Kubernetes kills it after 45 s. */
const CLOSE_TIMEOUT_MS = 25_000;

export interface Shutdown {
  /** How long the service goes on after readiness turned false, until load balancers send it no more requests. */
  readonly delayMs: number;
  readonly notReady: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Shuts down on SIGTERM or SIGINT: readiness turns false at once, requests are served for a while, everything is closed in
 * order, and the process exits with 0. A second signal exits at once. An uncaught exception shuts down in the same way and exits
 * with 1: a process in an unknown state could answer wrong prices.
 */
export function stopOnSignals(shutdown: Shutdown): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= shutDown(shutdown));

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping !== undefined) process.exit(1);
    log.info({ signal }, 'shutting down');
    endWith(shutdown, stop(), 0);
  };
  const onError = (error: unknown): void => {
    log.fatal({ err: error }, 'uncaught exception, shutting down');
    if (stopping === undefined) endWith(shutdown, stop(), 1);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('uncaughtException', onError).on('unhandledRejection', onError);
  return async () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    process.off('uncaughtException', onError).off('unhandledRejection', onError);
    await stop();
  };
}

async function shutDown(shutdown: Shutdown): Promise<void> {
  shutdown.notReady();
  await delay(shutdown.delayMs);
  await shutdown.close();
  log.info('stopped');
}

function endWith(shutdown: Shutdown, stopped: Promise<void>, code: number): void {
  setTimeout(() => {
    log.fatal('shutdown timed out');
    process.exit(1);
  }, shutdown.delayMs + CLOSE_TIMEOUT_MS).unref();
  stopped.then(
    () => process.exit(code),
    (error: unknown) => {
      log.fatal({ err: error }, 'shutdown failed');
      process.exit(1);
    },
  );
}
