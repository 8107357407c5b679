import type { SequenceNumber } from './event-counter.js';

/** A publisher without any message for this long is forgotten; if it comes back, the subscriber reports a gap. */
const FORGOTTEN_AFTER_MS = 60_000;

interface LastSeen {
  readonly number: number;
  readonly seenMs: number;
}

/**
 * Finds which messages of one event a subscription missed, from the sequence numbers of its publishers.
 *
 * An unknown publisher is assumed to start at 0; if it started higher, the subscriber reports one gap. So a new
 * subscriber reports a gap for each publisher that was there before it, and none for those that start later. A number
 * higher than the publisher's own count is wrong: it is reported as a gap, and the count replaces it, so that it hides
 * no later loss. Times are ms of any one clock.
 */
export class GapDetector {
  /** By publisher, the one seen longest ago first. */
  readonly #lastSeen = new Map<string, LastSeen>();

  constructor(
    private readonly onGap: () => void,
    private readonly publishersMax = 1_000,
  ) {}

  /**
   * To be called for each message. The numbers of one publisher arrive in order, except for messages that its previous
   * connection still delivers.
   */
  received({ publisher, number }: SequenceNumber, nowMs: number): void {
    const before = this.#update(publisher, number, nowMs);
    if (number > before + 1) this.onGap();
  }

  /** To be called for each heartbeat: its publisher has sent `sent` messages of this event. */
  counted(publisher: string, sent: number, nowMs: number): void {
    const before = this.#update(publisher, sent, nowMs);
    if (sent < before) this.#lastSeen.set(publisher, { number: sent, seenMs: nowMs });
    if (sent !== before) this.onGap();
  }

  /** Forgets the publishers that were not seen for a minute. */
  forgetOld(nowMs: number): void {
    for (const [publisher, { seenMs }] of this.#lastSeen) {
      if (nowMs - seenMs <= FORGOTTEN_AFTER_MS) return;
      this.#lastSeen.delete(publisher);
    }
  }

  /** Number of publishers that are remembered. */
  get size(): number {
    return this.#lastSeen.size;
  }

  #update(publisher: string, number: number, nowMs: number): number {
    const before = this.#lastSeen.get(publisher)?.number ?? 0;
    this.#lastSeen.delete(publisher);
    this.#lastSeen.set(publisher, { number: Math.max(before, number), seenMs: nowMs });
    if (this.#lastSeen.size > this.publishersMax) {
      const [oldest] = this.#lastSeen.keys();
      if (oldest !== undefined) this.#lastSeen.delete(oldest);
    }
    return before;
  }
}
