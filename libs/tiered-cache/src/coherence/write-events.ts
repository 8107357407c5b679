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
  type EntriesDropped,
  type Event,
} from '@mystocks/contracts';
import { PlausiblePositions, type Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';

/** Why events may have been missed: `Gap` of libs/bus. */
type EventGap = 'lost' | 'unpublished' | 'stalled';

/** What is needed of a bus: events as they arrive, notice of those that were lost, and calls. */
export interface EventBus {
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: { readonly onGap: (why: EventGap) => void },
  ): { stop(): void };
  onConnectionChange(listener: (connected: boolean) => void): void;
  call<Req extends object, Res extends object>(call: Call<Req, Res>, request: NoInfer<Req>): Promise<Res>;
}

/** What a tier does about events. The methods are called in the order of the events, one after the other. */
export interface WriteListener {
  /** A write at `lsn` touched answers with these tags. */
  invalidate(tags: readonly string[], lsn: Lsn): void;
  /**
   * An operator dropped entries of the second tier for good. Called again a second later, because a cache service that
   * receives the event last may until then share a read that began before.
   */
  drop(entries: EntriesDropped): void;
  /**
   * An event was missed, or may have been: no entry and no running read can be trusted. Nor can what is read within the
   * next second, because a replica may lag behind the write whose event was lost. Called once a burst.
   */
  invalidateAll(): void;
  /**
   * The log ends at `end`, but later positions were believed: entries at those are wrong. Everything else is as after
   * {@link invalidateAll}.
   */
  setBackTo(end: Lsn): void;
  /**
   * An event of a drop was missed, or may have been: what a first tier holds may have been dropped for good. Not called
   * while the bus is away, but when it is back. Nor when a cache service that never published a drop disappears: that it
   * crashed during its first one is too unlikely to cost every gateway its last good answers.
   */
  onMissedDrops(): void;
}

export interface Following {
  /** Whether a position is believed. Entries that rest on one that is not must not be stored. */
  accepts(lsn: Lsn): boolean;
  stop(): void;
}

const AGAIN_AFTER_MS = 1_000;

/**
 * Follows every write and drop of the system for a tier, until it is stopped. A lost event leads to `invalidateAll` within
 * about a second of when it could have arrived; so does any change of the connection, and an event whose position cannot
 * be believed.
 */
export function followWrites(bus: EventBus, listener: WriteListener): Following {
  const positions = positionsOf(bus, listener);
  const believes = believing(positions);
  let stopped = false;
  const drops = new Repeater<EntriesDropped>((entries) => {
    listener.drop(entries);
  });
  // One beat may show gaps in several kinds of events; no tier can have stored a new entry before this turn ends.
  const missed = oncePerTurn(() => {
    if (!stopped) listener.invalidateAll();
  });
  const missedDrops = (why: EventGap): void => {
    if (!stopped && why === 'lost') listener.onMissedDrops();
  };
  /** Follows one kind of event, each of which names the tags that its write touched. */
  const follow = <P extends { readonly lsn: Lsn }>(
    event: Event<P>,
    tagsOf: (payload: P) => readonly string[],
  ): { stop(): void } => {
    const written = (payload: P): void => {
      if (believes(event, payload.lsn)) listener.invalidate(tagsOf(payload), payload.lsn);
      // These tags may have been written, but at a position that no other can be compared with.
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
    // apply the change: no entry is valid any more, and nothing is stored for a second.
    bus.subscribe(calendarChanged, missed, { onGap: missed }),
    bus.subscribe(
      entriesDropped,
      (entries) => {
        drops.call(entries);
      },
      { onGap: missedDrops },
    ),
  ];
  bus.onConnectionChange((connected) => {
    if (connected) positions.start();
    missed();
    // While the bus is away, dropped entries cannot be told from others; last good answers are marked stale anyway.
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

/** Calls `action` at once, and ignores further calls until the next microtask. */
function oncePerTurn(action: () => void): () => void {
  let wasCalled = false;
  return () => {
    if (wasCalled) return;
    wasCalled = true;
    queueMicrotask(() => {
      wasCalled = false;
    });
    action();
  };
}

const positionsOf = (bus: EventBus, listener: WriteListener): PlausiblePositions =>
  new PlausiblePositions({
    ask: async () => (await bus.call(getPosition, {})).lsn,
    onFalse: (end) => {
      log.warn({ log_end: end }, 'events named log positions beyond the end of the log; nothing cached is trusted');
      listener.setBackTo(end);
    },
  });

/** Whether the position of an event is believed. Logs one line for each kind of event: a broken publisher sends many. */
function believing(positions: PlausiblePositions): (event: Pick<Event, 'subject'>, lsn: Lsn) => boolean {
  const logged = new Set<string>();
  return ({ subject }, lsn) => {
    const isBelieved = positions.accepts(lsn);
    if (!isBelieved && !logged.has(subject)) {
      logged.add(subject);
      log.warn({ subject, lsn }, 'an event names a log position that is not confirmed');
    }
    return isBelieved;
  };
}

/** Calls a listener at once and again a little later. */
class Repeater<T> {
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(private readonly listener: (value: T) => void) {}

  call(value: T): void {
    this.listener(value);
    const again = setTimeout(() => {
      this.#waiting.delete(again);
      this.listener(value);
    }, AGAIN_AFTER_MS).unref();
    this.#waiting.add(again);
  }

  stop(): void {
    for (const again of this.#waiting) clearTimeout(again);
  }
}
