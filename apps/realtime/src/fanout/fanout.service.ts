import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { getPosition, quoteChanged, type QuoteChanged } from '@mystocks/contracts';
import { laterLsn, lsnBytes, PlausiblePositions, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import { Audience } from '../channels/audience.js';
import { epochs, quoteChannel, type Channel } from '../channels/channel.js';
import { BarTrack } from '../channels/bar-track.js';
import { toValue } from '../channels/snapshot.js';
import { Track } from '../channels/track.js';
import { Tracks } from '../channels/tracks.js';
import type { Gap, Item, Outlet } from './news.js';

/** More instruments than the exchanges list; each has six frames of bars. */
const QUOTES_MAX = 20_000;
const BARS_MAX = 6 * QUOTES_MAX;

/** What becomes of positions of events. */
interface PositionListener {
  /** The primary has said where its log ends: {@link FanoutService.newest} is at least that when anything was doubted. */
  readonly confirmed: () => void;
  /** False positions were taken: these channels with subscribers were set back. */
  readonly setBack: (channels: readonly Channel[]) => void;
}

/**
 * Takes events from the bus and sends them to the sockets of this node. Every node receives every event, so nothing is
 * sent from node to node, and each subscriber receives a value once.
 */
@Injectable()
export class FanoutService implements OnModuleInit, OnModuleDestroy {
  readonly #outlets = new Set<Outlet>();
  /** Of every symbol with an event, whether its channel has subscribers or not: so a gap is noticed from the first value on. */
  readonly #quotes: Tracks<Track>;
  readonly #bars: Tracks<BarTrack>;
  /** The highest offset of a channel of bars whose track was dropped: nobody counts as recovered below it. */
  #droppedOffset: number | undefined;
  readonly #positions = new PlausiblePositions({
    ask: async () => (await this.bus.call(getPosition, {})).lsn,
    onFalse: (end) => {
      this.#setBackTo(end);
    },
    onConfirmed: (end) => {
      this.#confirmed(end);
    },
  });
  #isDoubted = false;
  /** Once: a broken publisher would fill the log. */
  #hasWarned = false;
  #positionListener: PositionListener | undefined;
  readonly #doubtListeners: ((symbol: string | undefined) => void)[] = [];
  readonly #quoteListeners: ((changed: QuoteChanged, isAfterGap: boolean) => void)[] = [];
  #subscription: { stop(): void } | undefined;
  #newest: Lsn | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
  ) {
    const isUsed = (channel: string): boolean => this.audience.has(channel);
    this.#quotes = new Tracks({ max: QUOTES_MAX, make: () => new Track(), isUsed });
    this.#bars = new Tracks({
      ...{ max: BARS_MAX, make: () => new BarTrack(this.#droppedOffset), isUsed },
      onDropped: ({ offset }) => {
        if (offset !== undefined) this.#droppedOffset = Math.max(offset, this.#droppedOffset ?? 0);
      },
    });
  }

  onModuleInit(): void {
    const handle = (changed: QuoteChanged): void => {
      this.#onQuote(changed);
    };
    const onGap = (): void => {
      this.#doubt(undefined);
    };
    this.#subscription = this.bus.subscribe(quoteChanged, handle, { onGap });
    this.#positions.start();
    this.bus.onConnectionChange((connected) => {
      if (connected) this.#positions.start();
    });
  }

  onModuleDestroy(): void {
    this.#subscription?.stop();
    this.#positions.stop();
  }

  attach(outlet: Outlet): void {
    this.#outlets.add(outlet);
  }

  /** The access token of any subscriber of the channel. */
  tokenOf(channel: string): string | undefined {
    for (const outlet of this.#outlets) {
      const token = outlet.tokenOf(channel);
      if (token !== undefined) return token;
    }
    return undefined;
  }

  /** Log position of the newest event received; a snapshot that shows it misses no earlier event. */
  get newest(): Lsn | undefined {
    return this.#newest;
  }

  quoteTrack(symbol: string): Track {
    return this.#quotes.of(quoteChannel(symbol).name);
  }

  /** How many channels of quotes are followed, subscribed or not. */
  get quotesTracked(): number {
    return this.#quotes.size;
  }

  /** {@link newest} as an offset; 0 before the first event. */
  get newestOffset(): number {
    return this.#newest === undefined ? 0 : lsnBytes(this.#newest);
  }

  /** The track of a bar channel, whether it has subscribers or not. */
  barTrack(channel: string): BarTrack {
    return this.#bars.of(channel);
  }

  /** Newest offset of a bar channel; undefined when nothing has changed it since this node started. */
  barOffset(channel: string): number | undefined {
    const track = this.#bars.peek(channel);
    return track === undefined ? this.#droppedOffset : track.offset;
  }

  /** Events were missed: a client that reconnects now has recovered no channel of bars. */
  missedBars(): void {
    for (const [, track] of this.#bars.entries()) track.missed();
    if (this.#droppedOffset !== undefined) this.#droppedOffset += 1;
  }

  /** An event with this log position has arrived. Answers the position as an offset; undefined when it is not believed. */
  saw(lsn: Lsn): number | undefined {
    if (!this.#positions.accepts(lsn)) {
      if (!this.#hasWarned) log.warn({ lsn }, 'an event names a log position that is not confirmed');
      this.#hasWarned = true;
      this.#isDoubted = true;
      return undefined;
    }
    this.#newest = laterLsn(this.#newest, lsn);
    return lsnBytes(lsn);
  }

  onPositions(listener: PositionListener): void {
    this.#positionListener = listener;
  }

  /**
   * Passes on the symbols whose quotes must be read from their owner before their channels are right again; undefined for
   * all of them.
   */
  onDoubt(listener: (symbol: string | undefined) => void): void {
    this.#doubtListeners.push(listener);
  }

  /**
   * Passes on every quote that is not older than one before, whether or not its channel has subscribers, and whether quotes
   * of its symbol were missed before it.
   */
  onQuote(listener: (changed: QuoteChanged, isAfterGap: boolean) => void): void {
    this.#quoteListeners.push(listener);
  }

  tell(gap: Gap, snapshot: Item): void {
    metrics.socketGaps.inc({ reason: gap.reason });
    for (const outlet of this.#outlets) outlet.gap(gap, snapshot);
  }

  /** Sends values of one channel, and notes how long the first of them took. */
  send(items: readonly Item[]): void {
    for (const outlet of this.#outlets) outlet.data(items);
    observeDelivery(items[0]?.t);
  }

  #doubt(symbol: string | undefined): void {
    if (symbol !== undefined && !this.audience.has(quoteChannel(symbol).name)) return;
    for (const listener of this.#doubtListeners) listener(symbol);
  }

  #confirmed(end: Lsn): void {
    // What was doubted may have been written before: snapshots must show it.
    if (this.#isDoubted) this.#newest = laterLsn(this.#newest, end);
    this.#isDoubted = false;
    this.#positionListener?.confirmed();
  }

  #setBackTo(end: Lsn): void {
    log.warn({ log_end: end }, 'events named log positions beyond the end of the log; channels are set back');
    this.#newest = end;
    const offset = lsnBytes(end);
    this.#droppedOffset = this.#droppedOffset === undefined ? undefined : Math.min(this.#droppedOffset, offset);
    const moved = new Set<string>();
    for (const [channel, track] of this.#bars.entries()) if (track.setBackTo(offset)) moved.add(channel);
    this.#positionListener?.setBack(this.audience.channels().filter(({ name }) => moved.has(name)));
  }

  #onQuote(changed: QuoteChanged): void {
    const { quote, seq, received_at_ms, lsn } = changed;
    const channel = quoteChannel(quote.symbol).name;
    const track = this.quoteTrack(quote.symbol);
    const verdict = this.saw(lsn) === undefined ? undefined : track.arrived(seq);
    if (verdict?.kind !== 'next') this.#doubt(quote.symbol);
    if (verdict === undefined || verdict.kind === 'old' || verdict.kind === 'far') {
      // Nobody is subscribed: the owner is not asked, and the next value counts as one behind a gap.
      if (!this.audience.has(channel)) track.moveTo(seq - 1);
      return;
    }
    if (this.audience.has(channel)) {
      const item: Item = { ch: channel, ep: epochs.quote, o: seq, t: received_at_ms, d: toValue(quote) };
      if (verdict.kind === 'next') this.send([item]);
      else {
        // A quote is the whole state of its symbol: the value behind the hole is the snapshot.
        this.tell({ channel, from: verdict.from, to: verdict.to, reason: 'sequence' }, item);
        observeDelivery(received_at_ms);
      }
    }
    for (const listener of this.#quoteListeners) listener(changed, verdict.kind === 'gap');
  }
}

function observeDelivery(receivedAtMs: number | undefined): void {
  if (receivedAtMs !== undefined) metrics.socketDelivery.observe(Math.max(0, Date.now() - receivedAtMs) / 1_000);
}
