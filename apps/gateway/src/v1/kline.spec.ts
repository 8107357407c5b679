import { describe, expect, it } from '@jest/globals';
import { check } from '@mystocks/validation';
import { KlineQuery, stockSymbol, toBarsRequest, toKlineRows } from './kline.js';

const asked = (raw: Record<string, string>): object => toBarsRequest(check(KlineQuery, raw, { from: 'text' }));

describe('bars of v1', () => {
  it('bars of v1 are the last 60 days, adjusted, when nothing else is asked', () => {
    expect(asked({ stock_code: '600519' })).toEqual({
      symbol: '600519',
      timeframe: '1Day',
      adjustment: 'qfq',
      without_factors: 'raw',
      limit: 60,
      sort: 'desc',
    });
  });

  it('bars of v1 take a range, a period and no adjustment', () => {
    const query = { symbol: '600519', period: 'weekly', adjust: '', start_date: '2023-01-01', end_date: '2023-12-31' };
    expect(asked(query)).toEqual({
      symbol: '600519',
      timeframe: '1Week',
      adjustment: 'raw',
      start: '2023-01-01',
      end: '2023-12-31',
      limit: 10_000,
    });
  });

  it('bars of v1 become raw without factors only where no adjustment was asked for by name', () => {
    for (const adjust of ['qfq', 'hfq']) {
      const request = asked({ stock_code: '600519', adjust });
      expect(request).toMatchObject({ adjustment: adjust });
      expect(request).not.toHaveProperty('without_factors');
    }
  });

  it('bars of v1 read an interval before a period', () => {
    const query = { stock_code: '600519', period: 'daily' };
    expect(asked({ ...query, interval: '1m' })).toMatchObject({ timeframe: '1Month' });
    expect(asked({ ...query, interval: 'weekly' })).toMatchObject({ timeframe: '1Week' });
  });

  it('bars of v1 need a code', () => {
    expect(() => asked({})).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('mean stocks: bare 000xxx is the one of Shenzhen', () => {
    expect(['000001', '000001.SH', '600519'].map(stockSymbol)).toEqual(['000001.SZ', '000001.SH', '600519']);
  });

  it('bars of v1 come oldest first, and an unknown amount is null', () => {
    const bar = { o: 1, h: 2, l: 0.5, c: 1.5, v: 10 };
    const rows = toKlineRows({
      bars: [
        { ...bar, t: '2023-01-04T00:00:00+08:00' },
        { ...bar, t: '2023-01-03T00:00:00+08:00', amt: 0 },
      ],
    });
    expect(rows).toMatchObject([
      { date: '2023-01-03', amount: 0 },
      { date: '2023-01-04', amount: null, open: 1, close: 1.5, volume: 10 },
    ]);
  });
});
