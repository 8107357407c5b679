import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { barsChanged, quoteChanged, type BarsChanged, type QuoteChanged } from '@mystocks/contracts';
import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { Audience } from '../channels/audience.js';
import { barChannel, epochs, quoteChannel } from '../channels/channel.js';
import { toValue } from '../channels/snapshot.js';
import { Track } from '../channels/track.js';
import type { Gap, Item, Outlet } from './news.js';

const LOG_START: Lsn = '0/0';

/**
 * Takes news straight from the bus and hands it to the sockets of this node. Every node gets every event, so nothing
 * is sent from node to node and each subscriber gets a value once.
 */
@Injectable()
export class FanoutService implements OnModuleInit, OnModuleDestroy {
  readonly #outlets = new Set<Outlet>();
  /** Of every symbol that had news, listened to or not: so a gap is seen from the first value on. */
  readonly #quotes = new Map<string, Track>();
  readonly #bars = new Map<string, number>();
  #subscriptions: readonly { stop(): void }[] = [];
  #newest: Lsn | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
  ) {}

  onModuleInit(): void {
    this.#subscriptions = [
      this.bus.subscribe(quoteChanged, (news) => {
        this.#onQuote(news);
      }),
      this.bus.subscribe(barsChanged, (news) => {
        this.#onBars(news);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const subscription of this.#subscriptions) subscription.stop();
  }

  attach(outlet: Outlet): void {
    this.#outlets.add(outlet);
  }

  /** A token of anybody who listens to the channel. */
  tokenOf(channel: string): string | undefined {
    for (const outlet of this.#outlets) {
      const token = outlet.tokenOf(channel);
      if (token !== undefined) return token;
    }
    return undefined;
  }

  /** Log position of the newest event seen: what a snapshot must have read to miss nothing told before. */
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

  /** Offset of the last bar news of a channel; undefined when there was none since the bus was last cut off. */
  barOffset(channel: string): number | undefined {
    return this.#bars.get(channel);
  }

  /** Bars have no contiguous sequence: after a cut nobody knows what was missed. */
  forgetBars(): void {
    this.#bars.clear();
  }

  tell(gap: Gap, snapshot: Item): void {
    metrics.socketGaps.inc({ reason: gap.reason });
    for (const outlet of this.#outlets) outlet.gap(gap, snapshot);
  }

  #onQuote({ quote, seq, received_at_ms, lsn }: QuoteChanged): void {
    this.#newest = laterLsn(this.#newest, lsn);
    const channel = quoteChannel(quote.symbol).name;
    const verdict = this.quoteTrack(quote.symbol).arrived(seq);
    if (verdict.kind === 'old' || !this.audience.has(channel)) return;
    const item: Item = { ch: channel, ep: epochs.quote, o: seq, t: received_at_ms, d: toValue(quote) };
    if (verdict.kind === 'next') this.#send(item);
    // A quote is the whole state of its symbol: the value behind the hole is the snapshot.
    else this.tell({ channel, from: verdict.from, to: verdict.to, reason: 'sequence' }, item);
    metrics.socketDelivery.observe(Math.max(0, Date.now() - received_at_ms) / 1_000);
  }

  #onBars({ symbol, timeframe, bar, received_at_ms, lsn }: BarsChanged): void {
    this.#newest = laterLsn(this.#newest, lsn);
    const channel = barChannel(timeframe, symbol).name;
    const offset = compareLsn(lsn, LOG_START);
    this.#bars.set(channel, Math.max(offset, this.#bars.get(channel) ?? 0));
    if (!this.audience.has(channel)) return;
    this.#send({ ch: channel, ep: epochs.bar, o: offset, t: received_at_ms, d: { ...bar } });
    metrics.socketDelivery.observe(Math.max(0, Date.now() - received_at_ms) / 1_000);
  }

  #send(item: Item): void {
    for (const outlet of this.#outlets) outlet.data(item);
  }
}
