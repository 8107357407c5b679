import {
  barsChanged,
  calendarChanged,
  entriesDropped,
  factorsChanged,
  getPosition,
  INSTRUMENTS_TAG,
  instrumentsChanged,
  quoteChanged,
  quoteTag,
  type Call,
  type EntriesInvalidated,
  type Event,
} from '@mystocks/contracts';
import { PlausiblePositions, type Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';

/** Why news may have been missed: as libs/bus says (`Gap`). */
type EventGap = 'lost' | 'untold' | 'deaf';

/** What is needed of a bus: news as it comes, word of what was lost, and answers to calls. */
export interface EventBus {
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: { readonly onGap: (why: EventGap) => void },
  ): { stop(): void };
  onConnectionChange(listener: (connected: boolean) => void): void;
  call<Req extends object, Res extends object>(call: Call<Req, Res>, request: NoInfer<Req>): Promise<Res>;
}

/** What a cache tier does with the news. Called one after the other, and before anything that came later. */
export interface WriteListener {
  /** A write at `lsn` touched answers with these tags: they are outdated. */
  readonly written: (tags: readonly string[], lsn: Lsn) => void;
  /**
   * An operator dropped answers from the second tier: they are gone for good. Told again a second later: a cache service
   * that hears of it last may until then share a read that began before.
   */
  readonly dropped: (entries: EntriesInvalidated) => void;
  /**
   * News was missed, or may have been: nothing kept, and nothing under way, can be trusted; nor what is read within the
   * next second, for a replica may be behind a write whose news never came (DESIGN.md §7). Told once a burst.
   */
  readonly missed: () => void;
  /**
   * The log ends at `end`, but later positions were believed: what was cached because of them is wrong. All else is as
   * after {@link missed}.
   */
  readonly setBack: (end: Lsn) => void;
  /**
   * News of drops was missed, or may have been: what a first tier keeps may have been dropped for good. Not told while
   * nothing is heard, but once something is. Nor when a cache service dies that never told of a drop: that it died during
   * its first is not worth every first tier's last good answers.
   */
  readonly missedDrops: () => void;
}

/** Follows writes until it is stopped. */
export interface Following {
  /** Whether a position is believed: what depends on one that is not must not be cached. */
  accepts(lsn: Lsn): boolean;
  stop(): void;
}

const AGAIN_AFTER_MS = 1_000;

/**
 * Follows every write and drop of the house for a cache tier. What is lost on the way is told as `missed` within about
 * a second of when it could have been heard; so is any change of the connection, and an event whose position cannot be
 * believed.
 */
export function followWrites(bus: EventBus, listener: WriteListener): Following {
  const positions = positionsOf(bus, listener);
  const believes = believing(positions);
  let stopped = false;
  let justTold = false;
  const drops = new ToldAgain(listener.dropped);
  const missed = (): void => {
    if (stopped || justTold) return;
    // One beat may show gaps in all of them; no cache can have stored a new entry before this turn ends.
    justTold = true;
    queueMicrotask(() => {
      justTold = false;
    });
    listener.missed();
  };
  const missedDrops = (why: EventGap): void => {
    if (!stopped && why === 'lost') listener.missedDrops();
  };
  /** Each event of a write names what it touched. */
  const follow = <P extends { readonly lsn: Lsn }>(
    event: Event<P>,
    tagsOf: (payload: P) => readonly string[],
  ): { stop(): void } => {
    const written = (payload: P): void => {
      if (believes(event, payload.lsn)) listener.written(tagsOf(payload), payload.lsn);
      // A write of these tags, perhaps, at a position that nothing may be compared with.
      else missed();
    };
    return bus.subscribe(event, written, { onGap: missed });
  };
  const subscriptions = [
    follow(quoteChanged, ({ quote }) => [quoteTag(quote.symbol)]),
    follow(barsChanged, ({ symbol }) => [symbol]),
    follow(factorsChanged, ({ symbol }) => [symbol]),
    follow(instrumentsChanged, ({ symbols = [] }) => [
      INSTRUMENTS_TAG,
      ...symbols.flatMap((symbol) => [symbol, quoteTag(symbol)]),
    ]),
    // Phases, labels and lifetimes of any answer may follow from the calendar, and the owner's instances take a moment to
    // learn of the change: nothing that was cached is valid, and nothing is cached for a second.
    bus.subscribe(calendarChanged, missed, { onGap: missed }),
    bus.subscribe(
      entriesDropped,
      (entries) => {
        drops.tell(entries);
      },
      { onGap: missedDrops },
    ),
  ];
  bus.onConnectionChange((connected) => {
    if (connected) positions.start();
    missed();
    // Until it is back nothing that was dropped could be told from the rest; the last good answers are marked stale.
    if (connected) missedDrops('lost');
  });
  positions.start();
  return {
    accepts: (lsn) => positions.accepts(lsn),
    stop: () => {
      stopped = true;
      positions.stop();
      drops.stop();
      for (const one of subscriptions) one.stop();
    },
  };
}

const positionsOf = (bus: EventBus, listener: WriteListener): PlausiblePositions =>
  new PlausiblePositions({
    ask: async () => (await bus.call(getPosition, {})).lsn,
    onFalse: (end) => {
      log.warn({ log_end: end }, 'events named log positions beyond the end of the log; nothing cached is trusted');
      listener.setBack(end);
    },
  });

/** Whether the position of an event is believed; complains once of each kind, or a broken publisher would fill the log. */
function believing(positions: PlausiblePositions): (event: Pick<Event, 'subject'>, lsn: Lsn) => boolean {
  const doubted = new Set<string>();
  return ({ subject }, lsn) => {
    const isBelieved = positions.accepts(lsn);
    if (!isBelieved && !doubted.has(subject)) {
      doubted.add(subject);
      log.warn({ subject, lsn }, 'an event names a log position that is not confirmed');
    }
    return isBelieved;
  };
}

/** Tells at once and again a little later. */
class ToldAgain<T> {
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(private readonly listener: (news: T) => void) {}

  tell(news: T): void {
    this.listener(news);
    const again = setTimeout(() => {
      this.#waiting.delete(again);
      this.listener(news);
    }, AGAIN_AFTER_MS).unref();
    this.#waiting.add(again);
  }

  stop(): void {
    for (const again of this.#waiting) clearTimeout(again);
  }
}
