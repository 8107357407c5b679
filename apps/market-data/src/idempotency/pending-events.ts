import { events, type Event } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/** An event of a write that is not committed yet, so that its position is not known. */
export interface PendingEvent {
  readonly subject: string;
  readonly payload: object;
}

interface Positioned {
  readonly lsn: Lsn;
}

const bySubject = new Map(events.map((event) => [event.subject, event]));

/** An event to publish once its write is committed. */
export const pendingEvent = <P extends Positioned>(event: Event<P>, payload: Omit<P, 'lsn'>): PendingEvent => ({
  subject: event.subject,
  payload,
});

/** Calls `publish` for each event, with the position of its commit. */
export function publishPending(
  pending: readonly PendingEvent[],
  lsn: Lsn,
  publish: (event: Event, payload: object & Positioned) => void,
): void {
  for (const { subject, payload } of pending) {
    const event = bySubject.get(subject);
    if (event === undefined) throw new Error(`${subject} is not an event of the contracts`);
    publish(event, { ...payload, lsn });
  }
}
