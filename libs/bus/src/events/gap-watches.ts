import type { Event, PublisherCounted } from '@mystocks/contracts';
import type { SequenceNumber } from './event-counter.js';
import { GapDetector } from './gap-detector.js';

/**
 * Why events were missed, or may have been.
 * - `lost`: a sequence number is missing, or an instance that has published this event went missing without its last
 *   heartbeat.
 * - `unpublished`: an instance of the service that owns the event went missing so, and had not published it yet: at most its
 *   first message is lost.
 * - `stalled`: this process receives nothing at all. What is lost meanwhile is reported as `lost` as soon as it does again.
 */
export type Gap = 'lost' | 'unpublished' | 'stalled';

/** Looks for gaps in one subscription. */
export interface GapWatch {
  /** A message came; `undefined` from a publisher that does not number its events. */
  received(sequenceNumber: SequenceNumber | undefined, nowMs: number): void;
  stop(): void;
}

/** The subscriptions of this process that want to know of gaps. */
export class GapWatches {
  readonly #watches = new Map<GapDetector, { readonly subject: string; readonly onGap: (why: Gap) => void }>();

  /** @throws when gaps of this event, or of a part of it, cannot be found */
  watch(
    { subject, numbered }: Pick<Event, 'subject' | 'numbered'>,
    key: string | undefined,
    onGap: (why: Gap) => void,
  ): GapWatch {
    if (numbered !== true) throw new Error(`${subject} is not numbered: gaps cannot be found`);
    if (key !== undefined) throw new Error(`${subject}: a subscriber to one key only cannot count`);
    const detector = new GapDetector(() => {
      onGap('lost');
    });
    this.#watches.set(detector, { subject, onGap });
    return {
      received: (sequenceNumber, nowMs) => {
        if (sequenceNumber !== undefined) detector.received(sequenceNumber, nowMs);
      },
      stop: () => void this.#watches.delete(detector),
    };
  }

  /** Compares what was received with the counts of a heartbeat. */
  counted({ publisher, counts }: PublisherCounted, nowMs: number): void {
    const sent = new Map(counts.map((one) => [one.subject, one.sent]));
    for (const [detector, { subject }] of this.#watches) detector.counted(publisher, sent.get(subject) ?? 0, nowMs);
  }

  forgetOldPublishers(nowMs: number): void {
    for (const detector of this.#watches.keys()) detector.forgetOld(nowMs);
  }

  /** Reports a gap to every subscription for whose event `reasonFor` gives a reason. */
  report(reasonFor: (subject: string) => Gap | undefined): void {
    for (const { subject, onGap } of this.#watches.values()) {
      const why = reasonFor(subject);
      if (why !== undefined) onGap(why);
    }
  }
}
