import type { Bus } from '@mystocks/bus';
import {
  Failure,
  listBars,
  newestBars,
  storedTimeframes,
  type Answer,
  type ListBarsRequest,
} from '@mystocks/contracts';
import { barChannel, frameMinutes, type BarChannel } from '../channels/channel.js';
import { membersOf, type Snapshot } from '../channels/snapshot.js';

/** The position of the store's log when the bar was committed, which grows but has holes. */
export const BAR_EPOCH = 'b1';

/** More than a week has of five minutes. */
const BARS_MAX = 1_000;
const MINUTE_MS = 60_000;
const [FIRST_MINUTE, LAST_MINUTE] = ['09:31:00', '15:00:00'];

/**
 * Reads bars from market-data with the token of the current context. It does not read from a cache tier: a snapshot must not
 * be older than the events that this instance has already sent.
 */
export class BarReads {
  constructor(private readonly bus: Bus) {}

  /** The newest bar; `offset` is the newest log position that this instance knows, and the bar is at least that new. */
  async newest({ symbol, timeframe }: BarChannel, offset: number): Promise<Snapshot> {
    const [newest] = await this.#list({ symbol, timeframe, adjustment: 'raw', limit: 1, sort: 'desc' });
    return { offset, value: newest ?? null };
  }

  /**
   * The newest bar of many channels with one call, at most 200 of a timeframe. A channel has a failure instead when its
   * instrument is unknown.
   */
  async newestOfAll(channels: readonly BarChannel[], offset: number): Promise<ReadonlyMap<string, Snapshot | Failure>> {
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
        return [channel.name, { offset, value }];
      }),
    );
  }

  /**
   * The bars of a channel that contain bars with these stamps, in the order of time. A bar is stamped with its end, so one of
   * N minutes contains what is stamped less than N minutes before it; the first bar of a day also the opening auction, the
   * last one also what comes later.
   */
  async containing({ symbol, timeframe }: BarChannel, stamps: readonly string[]): Promise<object[]> {
    const lengthMs = frameMinutes[timeframe] * MINUTE_MS;
    const times = stamps.map(inSession);
    const start = new Date(Math.min(...times)).toISOString();
    const end = new Date(Math.max(...times) + lengthMs - MINUTE_MS).toISOString();
    const request = { symbol, timeframe, adjustment: 'raw', start, end, limit: BARS_MAX, sort: 'asc' } as const;
    return (await this.#list(request)).filter(({ t }) => {
      const endMs = Date.parse(String(t));
      return times.some((ms) => ms <= endMs && endMs < ms + lengthMs);
    });
  }

  async #list(request: ListBarsRequest): Promise<Readonly<Record<string, unknown>>[]> {
    const { bars } = membersOf(parsed(await this.bus.call(listBars, request)));
    return Array.isArray(bars) ? bars.map(membersOf) : [];
  }
}

/** The instant of a stamp, moved to the first or last minute of its day when it lies outside of the session. */
function inSession(stamp: string): number {
  const time = stamp.slice(11, 19);
  const moved = time < FIRST_MINUTE ? FIRST_MINUTE : time > LAST_MINUTE ? LAST_MINUTE : time;
  return Date.parse(`${stamp.slice(0, 11)}${moved}${stamp.slice(19)}`);
}

const noInstrument = ({ symbol }: BarChannel): Failure =>
  new Failure('not_found', `There is no instrument ${symbol}`, { problem: 'MARKET_DATA_NOT_FOUND' });

const parsed = ({ body }: Answer): unknown => JSON.parse(Buffer.from(body).toString('utf8'));
