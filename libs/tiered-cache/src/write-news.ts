import {
  barsChanged,
  entriesInvalidated,
  INSTRUMENTS_TAG,
  instrumentsChanged,
  quoteChanged,
  quoteTag,
  type CacheEntries,
  type Event,
} from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/** What is needed of a bus: news as it comes, and word of what was lost. */
export interface NewsBus {
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: { readonly onGap: () => void },
  ): { stop(): void };
  onConnectionChange(listener: (connected: boolean) => void): void;
}

/** What a cache tier does with the news. Called one after the other, and before anything that came later. */
export interface WriteListener {
  /** A write at `lsn` touched answers with these tags: they are outdated. */
  readonly written: (tags: readonly string[], lsn: Lsn) => void;
  /**
   * An operator dropped answers from the second tier: they are gone for good. Told again a second later: a cache service
   * that hears of it last may until then share a read that began before.
   */
  readonly dropped: (entries: CacheEntries) => void;
  /**
   * News was missed, or may have been: nothing kept, and nothing under way, can be trusted; nor what is read within the
   * next second, for a replica may be behind a write whose news never came (DESIGN.md §7). Told once a burst.
   */
  readonly missed: () => void;
}

const AGAIN_AFTER_MS = 1_000;

/**
 * Follows every write and drop of the house for a cache tier. What is lost on the way is told as `missed` within about
 * a second of when it could have been heard; so is any change of the connection.
 */
export function followWrites(bus: NewsBus, listener: WriteListener): { stop(): void } {
  let stopped = false;
  let justTold = false;
  const waiting = new Set<NodeJS.Timeout>();
  const missed = (): void => {
    if (stopped || justTold) return;
    // One beat may show gaps in all four; until this turn ends nobody can have kept anything anew.
    justTold = true;
    queueMicrotask(() => {
      justTold = false;
    });
    listener.missed();
  };
  const options = { onGap: missed };
  const subscriptions = [
    bus.subscribe(
      quoteChanged,
      ({ quote, lsn }) => {
        listener.written([quoteTag(quote.symbol)], lsn);
      },
      options,
    ),
    bus.subscribe(
      barsChanged,
      ({ symbol, lsn }) => {
        listener.written([symbol], lsn);
      },
      options,
    ),
    bus.subscribe(
      instrumentsChanged,
      ({ lsn }) => {
        listener.written([INSTRUMENTS_TAG], lsn);
      },
      options,
    ),
    bus.subscribe(
      entriesInvalidated,
      (entries) => {
        listener.dropped(entries);
        const again = setTimeout(() => {
          waiting.delete(again);
          listener.dropped(entries);
        }, AGAIN_AFTER_MS).unref();
        waiting.add(again);
      },
      options,
    ),
  ];
  bus.onConnectionChange(missed);
  return {
    stop: () => {
      stopped = true;
      for (const again of waiting) clearTimeout(again);
      for (const one of subscriptions) one.stop();
    },
  };
}
