import { latestQuotes, listBars, listManyBars, snapshots, type Answer, type Call } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { openTwoTiers, type ClientRead } from './two-tiers.js';
import { beganBefore, chinaText, movingStretches, VirtualMarket, type Stretch } from './virtual-market.js';

const [SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS] = [1_000, 60_000, 3_600_000, 86_400_000];
const bars = { symbol: '600519.SH', timeframe: '1Day', adjustment: 'raw', limit: 250, sort: 'desc' } as const;
const two = ['600519.SH', '000001.SZ'];

export interface Question {
  readonly name: string;
  readonly call: Call<object, Answer>;
  readonly request: object;
}

/** Asked all year, and changing with the market. */
const standing: readonly Question[] = [
  { name: 'quote', call: latestQuotes, request: { symbols: ['600519.SH'] } },
  { name: 'snapshots', call: snapshots, request: { symbols: two } },
  { name: 'days', call: listBars, request: bars },
  { name: 'months', call: listBars, request: { ...bars, timeframe: '1Month' } },
  { name: 'minutes', call: listBars, request: { ...bars, timeframe: '1Min' } },
  { name: 'adjusted to the newest factor', call: listBars, request: { ...bars, adjustment: 'qfq' } },
  { name: 'days of two', call: listManyBars, request: { ...bars, symbol: undefined, symbols: two } },
].map(({ request, ...rest }) => ({ ...rest, request: JSON.parse(JSON.stringify(request)) as object }));

/** Asked all year, of the year before. */
const closed = (end: string): readonly Question[] => [
  { name: 'closed days', call: listBars, request: { ...bars, end } },
  { name: 'closed weeks', call: listBars, request: { ...bars, timeframe: '1Week', end } },
  { name: 'closed minutes', call: listBars, request: { ...bars, timeframe: '1Min', end } },
  { name: 'closed and adjusted', call: listBars, request: { ...bars, adjustment: 'qfq', asof: end } },
];

/** Asked on one day only. */
const today = (day: string): Question => ({
  name: `day ${day}`,
  call: listBars,
  request: { ...bars, start: day, end: day },
});

const times: readonly number[] = [
  ...Array.from({ length: 24 }, (_, hour) => hour * HOUR_MS),
  ...['09:15', '11:30', '13:00', '15:00', '24:00'].flatMap((time) => {
    const edge = Number(time.slice(0, 2)) * HOUR_MS + Number(time.slice(3)) * MINUTE_MS;
    return [edge - 1, ...(time === '24:00' ? [] : [edge, edge + 1, edge + 5 * SECOND_MS])];
  }),
];
/** Every five minutes around and inside sessions, and every second for a while. */
const moreTimes: readonly number[] = [
  ...Array.from({ length: 79 }, (_, index) => 9 * HOUR_MS + index * 5 * MINUTE_MS),
  ...Array.from({ length: 20 }, (_, second) => 10 * HOUR_MS + second * SECOND_MS),
  14.95 * HOUR_MS,
];
const sorted = (all: readonly number[]): readonly number[] => [...new Set(all)].sort((a, b) => a - b);
const onClosedDays = sorted(times);
const onTradingDays = sorted([...times, ...moreTimes]);

/** One read and what it cost. */
export interface OneRead extends ClientRead {
  readonly atMs: number;
  readonly question: Question;
  readonly isStanding: boolean;
  /** Questions that reached the owner because of it. */
  readonly asked: number;
  /** Which stretch of moving prices it lies in or behind, and whether it lies in it. */
  readonly place: number;
  readonly stretch: Stretch;
  readonly isMoving: boolean;
}

/**
 * Reads through a year by a virtual clock: each question at each time of each day, through both real cache tiers and the
 * real services of market data. `onRead` is told of each, and may ask the owner for itself.
 */
export async function playYear(
  year: number,
  tradingDays: readonly string[],
  onRead: (read: OneRead, market: VirtualMarket) => Promise<void>,
): Promise<VirtualMarket> {
  const stretches = movingStretches(tradingDays);
  const market = new VirtualMarket(tradingDays, stretches);
  const startMs = Date.parse(`${year}-01-01T00:00:00+08:00`);
  // Nothing is kept for a moment after a cache service has started.
  market.nowMs = startMs - 10 * SECOND_MS;
  const bus = new FakeBus();
  market.answerOn(bus);
  const client = openTwoTiers(bus, market.clock);
  const open = new Set(tradingDays);
  const history = closed(`${year - 1}-11-30`);
  for (let midnight = startMs; chinaText(midnight).startsWith(String(year)); midnight += DAY_MS) {
    const day = chinaText(midnight).slice(0, 10);
    const questions = [...standing, ...history, today(day)];
    for (const time of open.has(day) ? onTradingDays : onClosedDays) {
      market.nowMs = midnight + time;
      const place = beganBefore(stretches, market.nowMs);
      const stretch = stretches[place - 1] ?? { fromMs: 0, toMs: 0 };
      const when = { atMs: market.nowMs, place, stretch, isMoving: market.nowMs < stretch.toMs };
      for (const question of questions) {
        const before = market.asked.length;
        const read = await client.read(question.call, question.request);
        const isStanding = standing.includes(question);
        await onRead({ ...when, ...read, question, isStanding, asked: market.asked.length - before }, market);
      }
    }
  }
  return market;
}

export const standingCount = standing.length;
