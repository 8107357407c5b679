import { Injectable } from '@nestjs/common';
import type { Failure } from '@mystocks/contracts';
import { readingAfter } from '@mystocks/telemetry';
import { barChannel, parseChannel, type Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import { SnapshotsService } from '../channels/snapshots.service.js';
import { FanoutService } from '../fanout/fanout.service.js';
import { BatchedReads, type Reader } from './batched-reads.js';

/** Quotes, and bars, of one call. */
const QUOTES_MAX = 100;
const BARS_MAX = 50;
/** More channels than there are instruments and frames: each waits once, whatever number of subscribers waits for it. */
const WAITING_MAX = 100_000;

/**
 * Reads what channels show now, for subscribers that have just joined them. A read sees every event that this node saw before
 * it started.
 */
@Injectable()
export class ChannelReadsService {
  /** By symbol. */
  readonly #quotes = new BatchedReads<Snapshot>(
    { keysMax: QUOTES_MAX, atOnce: 4, waitingMax: WAITING_MAX },
    (symbols) => this.#readQuotes(symbols),
  );
  /**
   * By channel. A bar costs the store fifty times what a quote does: few with one call, one call at a time, and then a pause
   * of three times as long as the call took, so that subscribers take at most a quarter of a connection of the store.
   */
  readonly #bars = new BatchedReads<Snapshot>(
    { keysMax: BARS_MAX, atOnce: 1, waitingMax: WAITING_MAX, pause: 3 },
    (names) => this.#readBars(names),
  );

  constructor(
    private readonly snapshots: SnapshotsService,
    private readonly fanout: FanoutService,
  ) {}

  /** The snapshot of each channel by its name, or why there is none. */
  async read(channels: readonly Channel[], reader: Reader): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const quotes = channels.filter(({ timeframe }) => timeframe === undefined);
    const bars = channels.filter(({ timeframe }) => timeframe !== undefined);
    const [bySymbol, byName] = await Promise.all([
      this.#quotes.get(
        quotes.map(({ symbol }) => symbol),
        reader,
      ),
      this.#bars.get(
        bars.map(({ name }) => name),
        reader,
      ),
    ]);
    for (const { name, symbol } of quotes) {
      const snapshot = bySymbol.get(symbol);
      if (snapshot !== undefined) byName.set(name, snapshot);
    }
    return byName;
  }

  async #readQuotes(symbols: readonly string[]): Promise<ReadonlyMap<string, Snapshot>> {
    const before = new Map(symbols.map((symbol) => [symbol, this.fanout.quoteTrack(symbol).offset]));
    const quotes = await readingAfter(this.fanout.newest, () => this.snapshots.quotes([...symbols]));
    for (const [symbol, { offset }] of quotes) {
      const track = this.fanout.quoteTrack(symbol);
      // The store was set back: it was read after the newest event of this node, and stands behind that.
      if (offset < (before.get(symbol) ?? 0)) track.moveTo(offset);
      else track.snapshotGiven(offset);
    }
    return quotes;
  }

  #readBars(names: readonly string[]): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const channels = names.flatMap((name) => {
      const parsed = parseChannel(name);
      return parsed?.kind === 'bar' ? [barChannel(parsed.timeframe, parsed.alias)] : [];
    });
    const position = this.fanout.newestOffset;
    return readingAfter(this.fanout.newest, () => this.snapshots.bars(channels, position));
  }
}
