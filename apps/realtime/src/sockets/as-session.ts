import type { Lsn } from '@mystocks/kernel';
import { currentContext, requestIdFrom, traceparentFrom, withContext } from '@mystocks/telemetry';
import type { Session } from './session.js';

/** Nobody waits longer for the answer to a message. */
const DEADLINE_MS = 5_000;

/** Runs `work` so that its bus calls carry the session's own token, and read what was written up to `readAfter`. */
export function asSession<T>(session: Session, work: () => Promise<T>, readAfter?: Lsn): Promise<T> {
  const outer = currentContext();
  const context = {
    requestId: outer?.requestId ?? requestIdFrom(undefined),
    traceparent: outer?.traceparent ?? traceparentFrom(undefined),
    token: session.token,
    deadlineMs: Date.now() + DEADLINE_MS,
    ...(readAfter === undefined ? {} : { readAfter }),
  };
  return withContext(context, work);
}
