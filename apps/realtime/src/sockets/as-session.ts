import type { Lsn } from '@mystocks/kernel';
import { currentContext, newContext, readingAfter, withContext } from '@mystocks/telemetry';
import type { Session } from './session.js';

/** Nobody waits longer for the answer to a message. */
const DEADLINE_MS = 5_000;

/** Runs `work` so that its bus calls carry the session's own token, and read what was written up to `readAfter`. */
export function asSession<T>(session: Session, work: () => Promise<T>, readAfter?: Lsn): Promise<T> {
  const { requestId, traceparent } = currentContext() ?? newContext();
  const context = { requestId, traceparent, token: session.token, deadlineMs: Date.now() + DEADLINE_MS };
  return withContext(context, () => readingAfter(readAfter, work));
}
