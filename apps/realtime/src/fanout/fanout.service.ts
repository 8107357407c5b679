import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { quoteChanged, type QuoteChanged } from '@mystocks/contracts';
import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { Audience } from '../channels/audience.js';
import { epochs, quoteChannel } from '../channels/channel.js';
import { BarTrack } from '../channels/bar-track.js';
import { toValue } from '../channels/snapshot.js';
import { Track } from '../channels/track.js';
import type { Gap, Item, Outlet } from './news.js';

const LOG_START: Lsn = '0/0';

/**
 * Takes events from the bus and sends them to the sockets of this node. Every node receives every event, so nothing is
 * sent from node to node, and each subscriber receives a value once.
 */
@Injectable()
export class FanoutService implements OnModuleInit, OnModuleDestroy {
  readonly #outlets = new Set<Outlet>();
  /** Of every symbol with an event, whether its channel has subscribers or not: so a gap is noticed from the first value on. */
  readonly #quotes = new Map<string, Track>();
  readonly #bars = new Map<string, BarTrack>();
  readonly #quoteListeners: ((changed: QuoteChanged, isAfterGap: boolean) => void)[] = [];
  #subscription: { stop(): void } | undefined;
  #newest: Lsn | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
  ) {}

  onModuleInit(): void {
    this.#subscription = this.bus.subscribe(quoteChanged, (changed) => {
      this.#onQuote(changed);
    });
  }

  onModuleDestroy(): void {
    this.#subscription?.stop();
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
    const known = this.#quotes.get(symbol);
    if (known !== undefined) return known;
    const track = new Track();
    this.#quotes.set(symbol, track);
    return track;
  }

  /** {@link newest} as an offset; 0 before the first event. */
  get newestOffset(): number {
    return this.#newest === undefined ? 0 : compareLsn(this.#newest, LOG_START);
  }

  /** The track of a bar channel, whether it has subscribers or not. */
  barTrack(channel: string): BarTrack {
    const known = this.#bars.get(channel);
    if (known !== undefined) return known;
    const track = new BarTrack();
    this.#bars.set(channel, track);
    return track;
  }

  /** Newest offset of a bar channel; undefined when nothing has changed it since this node started. */
  barOffset(channel: string): number | undefined {
    return this.#bars.get(channel)?.offset;
  }

  /** Events were missed: a client that reconnects now has recovered no channel of bars. */
  missedBars(): void {
    for (const track of this.#bars.values()) track.missed();
  }

  /** An event with this log position has arrived. Answers the position as an offset. */
  saw(lsn: Lsn): number {
    this.#newest = laterLsn(this.#newest, lsn);
    return compareLsn(lsn, LOG_START);
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

  #onQuote(changed: QuoteChanged): void {
    const { quote, seq, received_at_ms, lsn } = changed;
    this.saw(lsn);
    const channel = quoteChannel(quote.symbol).name;
    const verdict = this.quoteTrack(quote.symbol).arrived(seq);
    if (verdict.kind === 'old') return;
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
