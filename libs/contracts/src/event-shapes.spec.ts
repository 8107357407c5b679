import { describe, expect, it } from '@jest/globals';
import { check, InvalidInput, type ShapeClass } from '@mystocks/validation';
import { barsChanged, calendarChanged, factorsChanged, instrumentsChanged, quoteChanged } from './index.js';

const bar = { t: '2025-01-02T09:31:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1 };
const days = { timeframe: '1Min', from: '2025-01-02', to: '2025-01-02' };
const quote = { symbol: '600519.SH', t: bar.t, last: 1 };
const lsn = '16/B374D848';
const good: [ShapeClass, object][] = [
  [barsChanged.payload, { symbol: '600519.SH', ...days, bar, bars: [bar], received_at_ms: 1, lsn }],
  [quoteChanged.payload, { quote, seq: 1, received_at_ms: 1, lsn }],
  [factorsChanged.payload, { symbol: '600519.SH', lsn }],
  [instrumentsChanged.payload, { count: 1, symbols: ['600519.SH'], lsn }],
  [calendarChanged.payload, { lsn }],
];
const [[, bars], [, quotes], , [, instruments]] = good as [
  [unknown, object],
  [unknown, object],
  unknown,
  [unknown, object],
];
const refused = (shape: ShapeClass, payload: object): void => {
  expect(() => check(shape, payload, { unknown: 'drop' })).toThrow(InvalidInput);
};

describe('the payload of an event', () => {
  it.each(good)('the payload of an event is taken by %p when it has its form', (shape, payload) => {
    expect(check(shape, payload, { unknown: 'drop' })).toMatchObject(payload);
  });

  it.each(good)('the payload of an event is refused by %p when its log position has another form', (shape, payload) => {
    for (const wrong of ['zzz', '', '0/', '0/G', '-1/0', '123456789/0', '0/1/2', 5])
      refused(shape, { ...payload, lsn: wrong });
  });

  it('the payload of an event is refused when a bar has no time, or a symbol is not canonical', () => {
    refused(barsChanged.payload, { ...bars, bar: { ...bar, t: 'zzzz' } });
    refused(barsChanged.payload, { ...bars, bars: [{ ...bar, t: '9' }] });
    refused(quoteChanged.payload, { ...quotes, quote: { ...quote, symbol: 'sh600519' } });
    refused(instrumentsChanged.payload, { ...instruments, symbols: ['x'.repeat(100_000)] });
  });
});
