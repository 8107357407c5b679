import { describe, expect, it } from '@jest/globals';
import type { Quote } from '@mystocks/contracts';
import fc from 'fast-check';
import { RunningBars, type RunningBar } from './running-bars.js';

const symbol = '600519.SH';
const quote = (time: string, last: number | undefined, v?: number, more: Partial<Quote> = {}): Quote => ({
  symbol,
  t: `2024-06-14T${time}+08:00`,
  ...(last === undefined ? {} : { last }),
  ...(v === undefined ? {} : { v }),
  ...more,
});
const stamp = (time: string): string => `2024-06-14T${time}:00+08:00`;

/** Bars of quotes that come in this order. */
function barsOf(...quotes: Quote[]): (RunningBar | undefined)[] {
  const running = new RunningBars();
  return quotes.map((one) => running.quoted(one));
}

describe('what is remembered of symbols', () => {
  it('what is remembered of symbols is not that of a feed whose bar is stamped in the far future', () => {
    const running = new RunningBars();
    running.fed(symbol, '2099-01-01T09:31:00+08:00');
    expect(running.quoted(quote('10:00:05.000', 10, 1_000))).toMatchObject({ partial: true });
  });

  it('what is remembered of symbols is bounded: the symbol that changed the longest ago falls out', () => {
    const running = new RunningBars(2);
    running.quoted(quote('10:00:05.000', 10, 1_000));
    for (const one of ['000001.SZ', '000002.SZ']) running.quoted({ ...quote('10:00:06.000', 9, 5), symbol: one });
    expect(running.quoted(quote('10:01:05.000', 10, 1_500))).not.toHaveProperty('v');
    expect(running.quoted({ ...quote('10:01:06.000', 9, 9), symbol: '000002.SZ' })).toMatchObject({ v: 4 });
  });
});

describe('the running bar of a minute', () => {
  it('leaves out the volume of a minute that begins behind missed quotes', () => {
    const running = new RunningBars();
    running.quoted(quote('10:00:05.000', 10, 1_000));
    expect(running.quoted(quote('10:01:02.000', 10, 5_100), true)).not.toHaveProperty('v');
    running.missedQuotes();
    expect(running.quoted(quote('10:02:02.000', 10, 5_200))).not.toHaveProperty('v');
    expect(running.quoted(quote('10:03:02.000', 10, 5_250))).toMatchObject({ v: 50 });
  });

  it('holds the first, highest, lowest and newest price of its quotes, and what was traded since the minute before', () => {
    const bars = barsOf(
      quote('09:35:57.000', 10, 1_000),
      quote('09:36:00.000', 10.2, 1_100),
      quote('09:36:03.500', 9.9, 1_150),
      quote('09:36:57.123456', 10.1, 1_400),
      quote('09:37:00.000', 10.3, 1_500),
    );
    const partial = true;
    expect(bars).toEqual([
      { t: stamp('09:36'), o: 10, h: 10, l: 10, c: 10, partial },
      { t: stamp('09:37'), o: 10.2, h: 10.2, l: 10.2, c: 10.2, v: 100, partial },
      { t: stamp('09:37'), o: 10.2, h: 10.2, l: 9.9, c: 9.9, v: 150, partial },
      { t: stamp('09:37'), o: 10.2, h: 10.2, l: 9.9, c: 10.1, v: 400, partial },
      { t: stamp('09:38'), o: 10.3, h: 10.3, l: 10.3, c: 10.3, v: 100, partial },
    ]);
  });

  it.each([
    ['09:25:00.000', '09:31'],
    ['09:30:00.000', '09:31'],
    ['09:30:59.999', '09:31'],
    ['09:31:00.000', '09:32'],
    ['11:29:59.000', '11:30'],
    ['11:30:03.000', '11:30'],
    ['13:00:00.000', '13:01'],
    ['14:56:59.000', '14:57'],
    ['14:57:30.000', '14:58'],
    ['14:59:59.000', '15:00'],
    ['15:00:03.000', '15:00'],
  ])('the running bar of a minute of a quote of %s is stamped %s', (time, end) => {
    expect(barsOf(quote(time, 10, 100))[0]?.t).toBe(stamp(end));
  });

  it.each(['09:24:59.000', '11:31:00.000', '12:59:59.000', '15:01:00.000', '16:00:00.000'])(
    'the running bar of a minute is not made of a quote of %s',
    (time) => {
      expect(barsOf(quote(time, 10, 100))).toEqual([undefined]);
    },
  );

  it('the running bar of a minute is not made of the previous close that some feeds show before the first trade', () => {
    expect(barsOf(quote('09:25:03.000', 10, 0), quote('09:26:00.000', 10))).toEqual([undefined, undefined]);
    expect(barsOf(quote('09:31:00.000', undefined, 100))).toEqual([undefined]);
  });

  it('counts the opening auction into the first minute, and goes on after lunch from the volume before it', () => {
    const bars = barsOf(
      quote('09:25:03.000', 10, 500),
      quote('09:30:30.000', 10.1, 800),
      quote('11:30:00.000', 11, 5_000),
      quote('13:00:05.000', 11.1, 5_300),
    );
    expect(bars.map((bar) => bar?.v)).toEqual([500, 800, undefined, 300]);
  });

  it('the running bar of a minute has no volume where the one before the minute is not known, or goes back', () => {
    const bars = barsOf(
      quote('10:00:00.000', 10, 900),
      quote('10:02:00.000', 10, 1_000),
      quote('10:03:00.000', 10, 950),
      quote('10:04:00.000', 10),
      quote('10:05:00.000', 10, 1_000),
    );
    expect(bars.map((bar) => bar?.v)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('says when a quote of it was simulated', () => {
    const simulated = true;
    expect(barsOf(quote('10:00:00.000', 10, 1, { simulated }), quote('10:00:03.000', 10, 2))[1]).toMatchObject({
      simulated,
    });
  });

  it('the running bar of a minute is not shown while a feed brings bars, and again when it has stopped for five minutes of trading', () => {
    const running = new RunningBars();
    running.fed(symbol, stamp('11:28'));
    running.fed(symbol, stamp('11:20'));
    const shown = (time: string): boolean => running.quoted(quote(time, 10, 100)) !== undefined;
    expect(['11:27:30.000', '11:29:00.000', '13:02:59.000', '13:03:00.000'].map(shown)).toEqual([
      ...[false, false, false, true],
    ]);
    running.fed(symbol, stamp('13:04'));
    expect(shown('13:03:30.000')).toBe(false);
    expect(running.quoted(quote('13:03:30.000', 10, 100, { symbol: '000001.SZ' }))).toBeDefined();
    expect(running.quoted({ ...quote('09:31:00.000', 10, 100), t: '2024-06-17T09:31:00.000+08:00' })).toBeDefined();
  });

  it('never shows a price that no quote of its minute had', () => {
    const aQuote = fc.record({
      second: fc.integer({ min: 0, max: 600 }),
      last: fc.integer({ min: 1, max: 9 }),
      v: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(fc.array(aQuote), (given) => {
        const running = new RunningBars();
        const seen = new Map<string, number[]>();
        for (const { second, last, v } of given.sort((a, b) => a.second - b.second)) {
          const time = new Date(Date.UTC(2024, 5, 14, 10, 0, second)).toISOString().slice(11, 23);
          const bar = running.quoted(quote(time, last, v)) as RunningBar;
          const prices = [...(seen.get(bar.t) ?? []), last];
          seen.set(bar.t, prices);
          const { o, h, l, c } = bar;
          expect([o, h, l, c]).toEqual([prices[0], Math.max(...prices), Math.min(...prices), last]);
        }
      }),
    );
  });
});
