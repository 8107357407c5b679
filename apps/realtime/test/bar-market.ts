import { jest } from '@jest/globals';
import {
  barsChanged,
  Failure,
  getPosition,
  listBars,
  type Answer,
  type Bar,
  type ListBarsRequest,
} from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import { FakeBus } from '@mystocks/testing';
import { Audience } from '../src/channels/audience.js';
import { barChannel } from '../src/channels/channel.js';
import type { Gap, Item, Outlet } from '../src/fanout/outlet.js';
import { openKinds } from './open-kinds.js';

const SYMBOL = '600519.SH';
export const OWN = barChannel('1Min', SYMBOL);
export const COARSER = barChannel('5Min', SYMBOL);
/** The commits of a market lie so far apart in the log. */
const COMMIT_BYTES = 1_000;
/** Longer than the wait before a failed read is tried again. */
export const RETRY_MS = 1_100;

export const stampOf = (minute: number): string => `2024-06-14T10:${30 + minute}:00+08:00`;
const barOf = (t: string, close: number): Bar => ({ t, o: close, h: close, l: close, c: close, v: 1 });

interface Commit {
  readonly bars: readonly Bar[];
  readonly position: number;
}

const lsnOf = (position: number): Lsn =>
  `${Math.floor(position / 2 ** 32)
    .toString(16)
    .toUpperCase()}/${(position % 2 ** 32).toString(16).toUpperCase()}`;

/** What a subscriber received, oldest first. */
export type Received = { readonly items: readonly Item[] } | { readonly gap: Gap; readonly snapshot: Item };

/** A store of the first ten minutes of a day, an instance that publishes its commits, and one node with a subscriber. */
export class BarMarket {
  readonly node = new FakeBus('realtime');
  readonly publishers = [this.node.beside('market-data'), this.node.beside('market-data')] as const;
  readonly commits: Commit[] = [];
  readonly received: Received[] = [];
  /** Ends what runs by a timer. */
  readonly close: () => void;
  /** Where the log of the primary ends; by default after the newest commit. */
  logEnd: number | undefined;
  readonly #audience = new Audience();
  readonly #offsetOf: (channel: string) => number | undefined;
  readonly #closes = new Map<number, number>();
  #failures = 0;
  #answerMs = 0;
  #nowMs = 0;

  constructor() {
    const audience = this.#audience;
    for (const channel of [OWN, COARSER]) audience.add(channel);
    const { fanout, bars, open, close } = openKinds(this.node.bus, audience);
    this.#offsetOf = (channel) => bars.tracks.offset(channel);
    const outlet: Outlet = {
      data: (items) => this.received.push({ items }),
      gap: (gap, snapshot) => this.received.push({ gap, snapshot }),
      tokenOf: (channel) => (audience.has(channel) ? 'token' : undefined),
    };
    fanout.attach(outlet);
    open();
    this.close = close;
    this.node.answer(getPosition, () => ({ lsn: lsnOf(this.logEnd ?? this.commits.at(-1)?.position ?? 0) }));
    this.node.answer(listBars, async (request) => {
      const answer = this.#list(request);
      if (this.#answerMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#answerMs));
      return answer;
    });
  }

  /** The only subscriber of a channel leaves it. */
  leave(channel: string): void {
    this.#audience.remove(channel);
  }

  /** A client that reconnects with this offset has missed nothing. */
  offsetOf(channel: string): number | undefined {
    return this.#offsetOf(channel);
  }

  /** Delays every answer from now on; an answer shows what was stored when it was requested. */
  slowDown(ms: number): void {
    this.#answerMs = ms;
  }

  /** The newest close that is stored. */
  get newestClose(): number | undefined {
    return this.#closes.get(Math.max(...this.#closes.keys()));
  }

  /** The next reads fail. */
  fail(count: number): void {
    this.#failures = count;
  }

  commit(minutes: readonly number[]): Commit {
    const number = this.commits.length + 1;
    const bars = [...new Set(minutes)]
      .sort((a, b) => a - b)
      .map((minute) => barOf(stampOf(minute), number * 100 + minute));
    for (const bar of bars) this.#closes.set(bar.c % 100, bar.c);
    const commit = { bars, position: number * COMMIT_BYTES };
    this.commits.push(commit);
    return commit;
  }

  publish(
    { bars, position }: Commit,
    by: 0 | 1,
    how: { readonly lost?: boolean; readonly listed?: boolean } = {},
  ): void {
    const publisher = this.publishers[by];
    if (how.lost === true) publisher.lose(1);
    publisher.publish(barsChanged, {
      ...{ symbol: SYMBOL, timeframe: '1Min', from: '2024-06-14', to: '2024-06-14', received_at_ms: 0 },
      bar: bars.at(-1) ?? barOf(stampOf(1), 0),
      ...(how.listed === false ? {} : { bars: [...bars] }),
      lsn: lsnOf(position),
    });
  }

  /** Lets everything arrive and be read. */
  async settle(): Promise<void> {
    for (let round = 0; round < 8; round += 1) {
      this.#nowMs += 500;
      for (const bus of [...this.publishers, this.node]) bus.tick(this.#nowMs);
      await jest.advanceTimersByTimeAsync(RETRY_MS);
    }
  }

  on(channel: string): Received[] {
    return this.received.filter((one) => ('gap' in one ? one.gap.channel : one.items[0]?.ch) === channel);
  }

  /** Bars as the owner answers them; `seen` says how many commits they show. */
  #list({ timeframe, start, end, sort }: ListBarsRequest): Answer {
    if (this.#failures > 0) {
      this.#failures -= 1;
      throw new Failure('unavailable', 'market-data is away');
    }
    const length = timeframe === '5Min' ? 5 : 1;
    const bins = new Map<number, number>();
    for (const [minute, close] of [...this.#closes].sort(([a], [b]) => a - b))
      bins.set(Math.ceil(minute / length) * length, close);
    const within = [...bins].filter(([minute]) => {
      const ms = Date.parse(stampOf(minute));
      return ms >= Date.parse(start ?? stampOf(1)) && ms <= Date.parse(end ?? stampOf(10));
    });
    const bars = within.map(([minute, close]) => ({ ...barOf(stampOf(minute), close), seen: this.commits.length }));
    const body = Buffer.from(JSON.stringify({ bars: sort === 'desc' ? bars.slice(-1) : bars }));
    return { body, etag: '"1"', tags: [], ttl_ms: 0, built_at_ms: 0 };
  }
}
