import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { quoteChanged, type Failure, type QuoteChanged } from '@mystocks/contracts';
import { readingAfter } from '@mystocks/telemetry';
import { SYMBOL_ALIAS } from '@mystocks/validation';
import { Audience } from '../channels/audience.js';
import type { ChannelKind, ChannelName } from '../channels/channel-kind.js';
import { quoteChannel, type Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import { Tracks } from '../channels/tracks.js';
import { FanoutService } from '../fanout/fanout.service.js';
import type { Item } from '../fanout/outlet.js';
import { PositionsService } from '../fanout/positions.service.js';
import { BatchedReads, type Reader } from '../reads/batched-reads.js';
import { QuoteChecks } from './quote-checks.js';
import { QUOTE_EPOCH, readQuotes, toValue } from './quote-reads.js';
import { Track } from './track.js';

/** More instruments than the exchanges list. */
const TRACKS_MAX = 20_000;
/** Quotes of one call. */
const READ_MAX = 100;
/** More channels than there are instruments: each waits once, whatever number of subscribers waits for it. */
const WAITING_MAX = 100_000;

/**
 * Channels `quote.<symbol>`: the latest quote of an instrument. Offsets are the sequence numbers of the store, which grow by
 * one, so a missed quote is noticed at the next one.
 */
@Injectable()
export class QuoteKind implements ChannelKind, OnModuleDestroy {
  readonly kind = 'quote';
  readonly syntax = 'quote.<symbol>';
  readonly epoch = QUOTE_EPOCH;
  readonly isContiguous = true;
  /** By channel, with subscribers or not: so a gap is noticed from the first value on. */
  readonly #tracks: Tracks<Track>;
  readonly #checks: QuoteChecks;
  readonly #reads = new BatchedReads<Snapshot>({ keysMax: READ_MAX, atOnce: 4, waitingMax: WAITING_MAX }, (symbols) =>
    this.#read(symbols),
  );
  readonly #listeners: ((changed: QuoteChanged, isAfterGap: boolean) => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
    private readonly fanout: FanoutService,
    private readonly positions: PositionsService,
  ) {
    const isUsed = (channel: string): boolean => audience.has(channel);
    this.#tracks = new Tracks({ max: TRACKS_MAX, make: () => new Track(), isUsed });
    this.#checks = new QuoteChecks({ bus, fanout, trackOf: (symbol) => this.track(symbol) });
  }

  onModuleDestroy(): void {
    this.#checks.stop();
  }

  parse(alias: string): ChannelName | undefined {
    return SYMBOL_ALIAS.test(alias) ? { kind: this.kind, alias } : undefined;
  }

  channel(_name: ChannelName, symbol: string): Channel {
    return quoteChannel(symbol);
  }

  position({ symbol }: Channel): number | undefined {
    return this.track(symbol).offset;
  }

  async snapshots(channels: readonly Channel[], reader: Reader): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const bySymbol = await this.#reads.get(
      channels.map(({ symbol }) => symbol),
      reader,
    );
    return new Map(
      channels.flatMap(({ name, symbol }) => {
        const snapshot = bySymbol.get(symbol);
        return snapshot === undefined ? [] : [[name, snapshot]];
      }),
    );
  }

  listen(bus: Bus): { stop(): void } {
    const handle = (changed: QuoteChanged): void => {
      this.#onQuote(changed);
    };
    const onGap = (): void => {
      this.reconnected();
    };
    return bus.subscribe(quoteChanged, handle, { onGap });
  }

  reconnected(): void {
    const channels = this.audience.channels().filter(({ kind }) => kind === this.kind);
    this.#checks.add(channels.map(({ symbol }) => symbol));
  }

  track(symbol: string): Track {
    return this.#tracks.of(quoteChannel(symbol).name);
  }

  /** How many channels are followed, subscribed or not. */
  get tracked(): number {
    return this.#tracks.size;
  }

  /**
   * Passes on every quote that is not older than one before, whether or not its channel has subscribers, and whether quotes
   * of its symbol were missed before it.
   */
  onQuote(listener: (changed: QuoteChanged, isAfterGap: boolean) => void): void {
    this.#listeners.push(listener);
  }

  async #read(symbols: readonly string[]): Promise<ReadonlyMap<string, Snapshot>> {
    const before = new Map(symbols.map((symbol) => [symbol, this.track(symbol).offset]));
    const quotes = await readingAfter(this.positions.newest, () => readQuotes(this.bus, symbols));
    for (const [symbol, { offset }] of quotes) {
      const track = this.track(symbol);
      // The store was set back: it was read after the newest event of this instance, and its sequence is behind that.
      if (offset < (before.get(symbol) ?? 0)) track.moveTo(offset);
      else track.snapshotSent(offset);
    }
    return quotes;
  }

  #onQuote(changed: QuoteChanged): void {
    const { quote, seq, received_at_ms, lsn } = changed;
    const channel = quoteChannel(quote.symbol).name;
    const isSubscribed = this.audience.has(channel);
    const track = this.track(quote.symbol);
    const verdict = this.positions.saw(lsn) === undefined ? undefined : track.arrived(seq);
    if (verdict?.kind !== 'next' && isSubscribed) this.#checks.add([quote.symbol]);
    if (verdict === undefined || verdict.kind === 'old' || verdict.kind === 'far') {
      // Without subscribers market-data is not asked, and the next value counts as one behind a gap.
      if (!isSubscribed) track.moveTo(seq - 1);
      return;
    }
    if (isSubscribed) {
      const item: Item = { ch: channel, ep: QUOTE_EPOCH, o: seq, t: received_at_ms, d: toValue(quote) };
      if (verdict.kind === 'next') this.fanout.send([item]);
      else {
        // A quote is the whole state of its symbol: the value behind the gap is the snapshot.
        this.fanout.sendGap({ channel, from: verdict.from, to: verdict.to, reason: 'sequence' }, item);
        this.fanout.observeDelivery(received_at_ms);
      }
    }
    for (const listener of this.#listeners) listener(changed, verdict.kind === 'gap');
  }
}
