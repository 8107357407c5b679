import { adjustments, timeframes, type ListBarsRequest } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barWindow } from './stored/bar-window.js';
import { isClosedHistory } from './closed-history.js';

// A Friday; its week runs from 2024-06-10, a holiday, and its month is not over.
const NOW = Date.parse('2024-06-14T10:00:00+08:00');
const defaults = { timeframe: '1Day', adjustment: 'raw', sort: 'asc' } as const;
type Ask = Partial<Pick<ListBarsRequest, 'timeframe' | 'adjustment' | 'sort' | 'start' | 'end' | 'asof'>>;

/** A page whose series end with these stamps. */
function isClosed(
  ask: Ask,
  newest: readonly string[],
  more: { edge?: string; after?: string; instruments?: number; nowMs?: number; made?: boolean } = {},
): boolean {
  const request = { ...defaults, ...ask };
  const { made = false } = more;
  const page = {
    request,
    window: barWindow(request, more.after),
    series: newest.map((stamp) => ({ newest: stamp, made })),
  };
  const { edge = null, instruments = newest.length, nowMs = NOW } = more;
  return isClosedHistory({ ...page, edge, instruments }, nowMs);
}

const day = (date: string): string => `${date}T00:00:00`;

describe('history is closed', () => {
  it.each<[string, Ask, string]>([
    ['of a day past whose bar has come', { end: '2024-06-13' }, day('2024-06-13')],
    ['up to a holiday, with the bar of the day before', { end: '2024-06-10' }, day('2024-06-07')],
    ['when it ends with a point in time', { asof: '2024-06-13' }, day('2024-06-13')],
    ['of minutes, with the last of the day', { end: '2024-06-13', timeframe: '1Min' }, '2024-06-13T15:00:00'],
    ['of minutes up to one', { end: '2024-06-13T10:00:00+08:00', timeframe: '5Min' }, '2024-06-13T10:00:00'],
    ['of weeks that are over', { end: '2024-06-09', timeframe: '1Week' }, day('2024-06-07')],
    ['of months that are over', { end: '2024-05-31', timeframe: '1Month' }, day('2024-05-31')],
    ['of a running week at a point in time', { asof: '2024-06-13', timeframe: '1Week' }, day('2024-06-13')],
    ['adjusted to the first factor', { end: '2024-06-13', adjustment: 'hfq' }, day('2024-06-13')],
    ['adjusted to a factor long past', { asof: '2024-05-31', adjustment: 'qfq' }, day('2024-05-31')],
    ['without a bar for years', { end: '2024-06-01' }, day('2015-03-02')],
    ['where no calendar knows the days', { end: '2001-01-05' }, day('2001-01-05')],
  ])('%s', (_, ask, newest) => {
    expect(isClosed(ask, [newest])).toBe(true);
  });

  it('history is closed of a day made of minutes only when its daily bar is not awaited any more', () => {
    expect(isClosed({ end: '2024-06-13' }, [day('2024-06-13')], { made: true })).toBe(false);
    expect(isClosed({ end: '2024-06-03' }, [day('2024-06-03')], { made: true })).toBe(true);
  });

  it('history is closed page by page, also where the last page is not', () => {
    expect(isClosed({}, [day('2024-06-13')], { edge: day('2024-06-13') })).toBe(true);
    expect(isClosed({}, [day('2024-06-14')], { edge: day('2024-06-14') })).toBe(false);
    expect(isClosed({ timeframe: '1Week' }, [day('2024-06-13')], { edge: day('2024-06-13') })).toBe(false);
    expect(isClosed({ sort: 'desc' }, [day('2024-06-13')], { edge: day('2024-06-01') })).toBe(false);
    expect(isClosed({ sort: 'desc' }, [day('2024-06-13')], { after: day('2024-06-14') })).toBe(true);
    expect(isClosed({}, [day('2024-06-13')], { after: day('2024-06-01') })).toBe(false);
  });
});

describe('history is not closed', () => {
  it.each<[string, Ask, string]>([
    ['without an end', {}, day('2024-06-13')],
    ['when it ends today', { end: '2024-06-14' }, day('2024-06-13')],
    ['when it ends in the future', { end: '2030-01-01' }, day('2024-06-13')],
    ['when yesterday’s bar may still come', { end: '2024-06-13' }, day('2024-06-12')],
    ['when minutes of yesterday may still come', { end: '2024-06-13', timeframe: '1Min' }, '2024-06-13T14:59:00'],
    ['in a week that runs', { end: '2024-06-13', timeframe: '1Week' }, day('2024-06-13')],
    ['in a month that runs', { end: '2024-06-07', timeframe: '1Month' }, day('2024-05-31')],
    ['adjusted to the newest factor of all', { end: '2020-12-31', adjustment: 'qfq' }, day('2020-12-31')],
    ['adjusted to a factor that may come', { asof: '2024-06-13', adjustment: 'qfq' }, day('2024-06-13')],
    ['adjusted to that of today', { end: '2020-12-31', asof: '2024-06-14', adjustment: 'qfq' }, day('2020-12-31')],
  ])('%s', (_, ask, newest) => {
    expect(isClosed(ask, [newest])).toBe(false);
  });

  it('before every symbol has its last bar, unless that is a week ago', () => {
    const newest = [day('2024-06-13'), day('2024-06-12')];
    expect(isClosed({ end: '2024-06-13' }, newest)).toBe(false);
    expect(isClosed({ end: '2024-06-13' }, newest.slice(0, 1), { instruments: 2 })).toBe(false);
    expect(isClosed({ end: '2024-06-06' }, newest.slice(0, 1), { instruments: 2 })).toBe(true);
  });

  it('where there is no bar at all: nothing is not history', () => {
    expect(isClosed({ end: '2010-12-31' }, [], { instruments: 1 })).toBe(false);
  });

  it('whenever a bar of today, or of a week or month that holds it, could join', () => {
    const aDay = fc
      .date({ min: new Date('2008-01-01T00:00:00Z'), max: new Date('2026-11-30T00:00:00Z'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const ask = { timeframe: fc.constantFrom(...timeframes), adjustment: fc.constantFrom(...adjustments) };
    fc.assert(
      fc.property(aDay, aDay, fc.record(ask), (today, end, of) => {
        const nowMs = Date.parse(`${today}T12:00:00+08:00`);
        const closed = isClosed({ ...of, end }, [`${end}T15:00:00`], { nowMs });
        const { storedTo } = barWindow({ ...defaults, ...of, end }, undefined);
        if (closed) expect(storedTo < today && of.adjustment !== 'qfq').toBe(true);
        else expect(storedTo >= today || of.adjustment === 'qfq').toBe(true);
      }),
    );
  });
});
