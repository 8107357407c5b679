import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, latestQuotes, listBars, newestBars, storedTimeframes, type Answer } from '@mystocks/contracts';
import { barChannel, epochs, frameMinutes, type Channel } from './channel.js';
import { membersOf, toValue, type Snapshot } from './snapshot.js';

/** More than a week has of five minutes. */
const BARS_MAX = 1_000;
const MINUTE_MS = 60_000;
const [FIRST_MINUTE, LAST_MINUTE] = ['09:31:00', '15:00:00'];

/**
 * Reads from market-data, with the token of a subscriber, what a channel shows now. It reads from the owner and not from a
 * cache tier: a snapshot must not be older than the events that this node has already sent.
 */
@Injectable()
export class SnapshotsService {
  constructor(private readonly bus: Bus) {}

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
   * The same for many channels with one call, at most 200 of a frame. A channel has a failure instead when its instrument is
   * unknown.
   */
  async bars(channels: readonly Channel[], offset: number): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const frames = storedTimeframes.flatMap((timeframe) => {
      const symbols = channels.filter((channel) => channel.timeframe === timeframe).map(({ symbol }) => symbol);
      return symbols.length === 0 ? [] : [{ timeframe, symbols }];
    });
    const { bars } = await this.bus.call(newestBars, { frames });
    const found = new Map(bars.map(({ timeframe, symbol, bar }) => [barChannel(timeframe, symbol).name, bar ?? null]));
    return new Map(
      channels.map((channel): [string, Snapshot | Failure] => {
        const value = found.get(channel.name);
        if (value === undefined) return [channel.name, noInstrument(channel)];
        return [channel.name, { epoch: epochs.bar, offset, value }];
      }),
    );
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

const noInstrument = ({ symbol }: Channel): Failure =>
  new Failure('not_found', `There is no instrument ${symbol}`, { problem: 'MARKET_DATA_NOT_FOUND' });

function read(answer: Answer): unknown {
  return JSON.parse(Buffer.from(answer.body).toString('utf8'));
}
