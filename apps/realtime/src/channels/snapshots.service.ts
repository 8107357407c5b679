import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, getInstrument, instrumentsChanged, latestQuotes, listBars, type Answer } from '@mystocks/contracts';
import { SYMBOL } from '@mystocks/validation';
import { epochs, frameMinutes, type Channel } from './channel.js';
import { membersOf, toValue, type Snapshot } from './snapshot.js';

/** More instruments than the three exchanges list. */
const KNOWN_MAX = 20_000;
/** More than a week has of five minutes. */
const BARS_MAX = 1_000;
const MINUTE_MS = 60_000;
const [FIRST_MINUTE, LAST_MINUTE] = ['09:31:00', '15:00:00'];

/**
 * Reads from market-data, with the caller's own token, what a channel shows now. It reads from the owner and not from a
 * cache tier: a snapshot must not be older than the events that this node has already sent.
 */
@Injectable()
export class SnapshotsService {
  readonly #known = new Set<string>();

  constructor(private readonly bus: Bus) {
    bus.subscribe(instrumentsChanged, () => {
      this.#known.clear();
    });
  }

  /**
   * The canonical symbol of a spelling.
   * @throws {Failure} `not_found`, `conflict` with candidates
   */
  async resolve(alias: string): Promise<string> {
    if (this.#known.has(alias)) return alias;
    const { symbol } = membersOf(read(await this.bus.call(getInstrument, { symbol: alias })));
    if (typeof symbol !== 'string' || !SYMBOL.test(symbol)) throw new Failure('internal', 'No symbol in the answer');
    if (this.#known.size < KNOWN_MAX) this.#known.add(symbol);
    return symbol;
  }

  /** The latest quotes of at most 100 symbols. */
  async quotes(symbols: string[]): Promise<ReadonlyMap<string, Snapshot>> {
    const answer = membersOf(read(await this.bus.call(latestQuotes, { symbols })));
    const quotes = membersOf(answer['quotes']);
    return new Map(symbols.map((symbol) => [symbol, toSnapshot(quotes[symbol])]));
  }

  /** The newest bar; `offset` is the newest log position that this node knows, and the bar is at least that new. */
  async bar(channel: Channel, offset: number): Promise<Snapshot> {
    const { symbol, timeframe = '1Day' } = channel;
    const request = { symbol, timeframe, adjustment: 'raw', limit: 1, sort: 'desc' } as const;
    const { bars } = membersOf(read(await this.bus.call(listBars, request)));
    const newest = Array.isArray(bars) ? (bars[0] as unknown) : undefined;
    return { epoch: epochs.bar, offset, value: newest === undefined ? null : membersOf(newest) };
  }

  /**
   * The bars of a channel that hold bars with these stamps, in the order of time. A bar is stamped with its end, so one of N
   * minutes holds what is stamped less than N minutes before it; the first bar of a day also the opening auction, the last
   * one also what comes later.
   */
  async barsOf({ symbol, timeframe = '1Day' }: Channel, stamps: readonly string[]): Promise<object[]> {
    const lengthMs = frameMinutes[timeframe] * MINUTE_MS;
    const times = stamps.map(inSession);
    const start = new Date(Math.min(...times)).toISOString();
    const end = new Date(Math.max(...times) + lengthMs - MINUTE_MS).toISOString();
    const request = { symbol, timeframe, adjustment: 'raw', start, end, limit: BARS_MAX, sort: 'asc' } as const;
    const { bars } = membersOf(read(await this.bus.call(listBars, request)));
    return (Array.isArray(bars) ? bars : []).map(membersOf).filter(({ t }) => {
      const endMs = Date.parse(String(t));
      return times.some((ms) => ms <= endMs && endMs < ms + lengthMs);
    });
  }
}

/** The instant of a stamp, moved to the first or last minute of its day when it lies outside of the session. */
function inSession(stamp: string): number {
  const time = stamp.slice(11, 19);
  const moved = time < FIRST_MINUTE ? FIRST_MINUTE : time > LAST_MINUTE ? LAST_MINUTE : time;
  return Date.parse(`${stamp.slice(0, 11)}${moved}${stamp.slice(19)}`);
}

function toSnapshot(quote: unknown): Snapshot {
  const { seq, ...rest } = membersOf(quote);
  const value = Object.keys(rest).length === 0 ? null : toValue(rest);
  return { epoch: epochs.quote, offset: typeof seq === 'number' ? seq : 0, value };
}

function read(answer: Answer): unknown {
  return JSON.parse(Buffer.from(answer.body).toString('utf8'));
}
