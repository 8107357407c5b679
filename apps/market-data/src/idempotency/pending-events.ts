import { barsChanged, factorsChanged, instrumentsChanged, quoteChanged, type Event } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/** News of a write that is not committed yet, so that its position is not known. */
export interface News {
  readonly subject: string;
  readonly payload: object;
}

interface Told {
  readonly lsn: Lsn;
}

const events = new Map<string, Event>(
  [barsChanged, factorsChanged, instrumentsChanged, quoteChanged].map((event) => [
    event.subject,
    event as unknown as Event,
  ]),
);

/** News to be told once its write is committed. */
export const newsOf = <P extends Told>(event: Event<P>, payload: Omit<P, 'lsn'>): News => ({
  subject: event.subject,
  payload,
});

/** Hands news to `publish`, with the position of their commit. */
export function tellNews(
  news: readonly News[],
  lsn: Lsn,
  publish: (event: Event, payload: object & Told) => void,
): void {
  for (const { subject, payload } of news) {
    const event = events.get(subject);
    if (event === undefined) throw new Error(`${subject} is no news of a write`);
    publish(event, { ...payload, lsn });
  }
}
