import { Failure } from '@mystocks/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { TdengineError } from './tdengine-errors.js';

/** Every database takes vnodes ("virtual nodes") of the server, whose number is limited. */
const VNODES_EXHAUSTED = 0x03ba;

interface Patience {
  /** Receives the reason of the wait, once for each try. */
  readonly report: (text: string) => void;
  readonly waitMaxMs?: number;
  readonly everyMs?: number;
}

/**
 * Runs `create`, which makes a database and its tables, again after a second, at most 60 times, while TDengine cannot be
 * reached or none of its dnodes is ready.
 * @throws {Error} that says what to do when the server has no vnode left; any other error of `create`
 */
export async function createWhenReady(
  create: () => Promise<void>,
  { report, waitMaxMs = 60_000, everyMs = 1_000 }: Patience,
): Promise<void> {
  for (let leftMs = waitMaxMs; ; leftMs -= everyMs) {
    try {
      await create();
      return;
    } catch (error) {
      if (hasNoVnode(error)) {
        const message =
          'TDengine has no vnode left for another database: raise supportVnodes in the taos.cfg of its dnodes ' +
          '(the default is twice the number of cores and 5) and restart them, or drop a database that is not used';
        throw new Error(message, { cause: error });
      }
      if (!(error instanceof Failure) || error.code !== 'unavailable' || leftMs <= 0) throw error;
      report(`TDengine is not ready (${reasonOf(error)}); waiting for ${String(Math.ceil(leftMs / 1_000))} s more`);
      await sleep(everyMs);
    }
  }
}

const hasNoVnode = (error: unknown): boolean =>
  error instanceof Failure && error.cause instanceof TdengineError && error.cause.code === VNODES_EXHAUSTED;

const reasonOf = ({ cause, message }: Failure): string => (cause instanceof Error ? cause.message : message);
