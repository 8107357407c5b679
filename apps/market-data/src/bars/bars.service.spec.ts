import { addDays, chinaDay, chinaLocal } from '@mystocks/calendar';
import { adjustments, timeframes, type Answer, type ListBarsRequest } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anInstant } from '../../test/instants.js';
import type { InstrumentDirectory } from '../instruments/instrument-directory.js';
import type { BarsRepository } from './stored/bars.repository.js';
import { BarsService } from './bars.service.js';

const request = {
  symbol: '600519.SH',
  timeframe: '1Min',
  adjustment: 'raw',
  sort: 'asc',
  limit: 10,
} as const;
const instrument = (id: number, symbol: string): object => ({ id, symbol, kind: 'stock' });

/** A store whose newest bar is stamped `newest`. */
function serviceAt(now: () => number, newest: string): BarsService {
  const find = (alias: string): Promise<object> => Promise.resolve(instrument(alias.length, `${alias.slice(0, 6)}.SH`));
  const directory = { resolve: find, find };
  const series = { place: 0, bars: '{}', total: 1, priced: 1, newest, edge: null };
  const repository = { page: () => Promise.resolve([series]) };
  return new BarsService(directory as unknown as InstrumentDirectory, repository as unknown as BarsRepository, { now });
}

describe('bars', () => {
  it.each([
    ['2024-06-14T10:00:00', 'live', 45_000],
    ['2024-06-14T09:55:00', 'delayed', 1_800_000],
  ])('up to %s are %s and kept for %d ms: none is called live when it is no more', async (newest, quality, ttl_ms) => {
    const service = serviceAt(() => Date.parse('2024-06-14T10:00:30+08:00'), newest);
    expect(await service.list(request)).toMatchObject({ quality, ttl_ms, swr_ms: 10_000 });
  });

  it('bars of closed history are immutable', async () => {
    const service = serviceAt(() => Date.parse('2024-06-14T10:00:30+08:00'), '2024-06-13T15:00:00');
    const answer = await service.list({ ...request, end: '2024-06-13' });
    expect(answer).toMatchObject({ quality: 'eod', ttl_ms: 366 * 86_400_000, immutable: true });
    expect(answer.swr_ms).toBeUndefined();
  });

  it('bars are invalidated by bars of their symbols, and by the list where a code alone named one', async () => {
    const service = serviceAt(() => Date.parse('2024-06-14T10:00:30+08:00'), '2024-06-14T10:00:00');
    expect((await service.list(request)).tags).toEqual(['600519.SH']);
    expect((await service.list({ ...request, symbol: '600519' })).tags).toEqual(['600519.SH', 'instruments']);
    const many = await service.listMany({ ...request, symbols: ['600519.SH', 'SH600000', '600001'] });
    expect(many.tags).toEqual(['600519.SH', 'SH6000.SH', '600001.SH', 'instruments']);
  });

  it('bars say where their quality lies, of one symbol or many, known or not', async () => {
    const service = serviceAt(() => Date.parse('2024-06-14T10:00:30+08:00'), '2024-06-14T10:00:00');
    const answers = [await service.list(request), await service.listMany({ ...request, symbols: ['600519.SH'] })];
    for (const { body, quality_at } of answers) expect(body.subarray(quality_at).toString()).toMatch(/^"live","as_of"/);
  });
});

describe('bars that are kept', () => {
  const anAsk = fc.record({
    timeframe: fc.constantFrom(...timeframes),
    adjustment: fc.constantFrom(...adjustments),
    sort: fc.constantFrom('asc' as const, 'desc' as const),
    endAgo: fc.option(fc.integer({ min: -1, max: 12 }), { nil: undefined }),
    isMany: fc.boolean(),
  });

  it('bars that are kept stay word for word what the owner would say, until they end', async () => {
    const ages = fc.oneof(fc.integer({ min: -60_000, max: 120_000 }), fc.integer({ min: 0, max: 12 * 86_400_000 }));
    const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    await fc.assert(
      fc.asyncProperty(anInstant, ages, anAsk, part, async (builtMs, ageMs, ask, later) => {
        let nowMs = builtMs;
        const { endAgo, isMany, ...rest } = ask;
        const end = endAgo === undefined ? undefined : addDays(chinaDay(builtMs), -endAgo);
        const stamps = [chinaLocal(builtMs - ageMs).slice(0, 19), `${end ?? '9'}T23:59:59`];
        const service = serviceAt(() => nowMs, stamps.sort()[0] ?? '');
        const asked: ListBarsRequest = { ...request, ...rest, ...(end === undefined ? {} : { end }) };
        const read = (): Promise<Answer> =>
          isMany ? service.listMany({ ...asked, symbols: [asked.symbol] }) : service.list(asked);
        const built = await read();
        nowMs = builtMs + Math.floor(built.ttl_ms * later);
        const again = await read();
        expect(again.body.toString()).toBe(built.body.toString());
        expect([again.etag, again.quality]).toEqual([built.etag, built.quality]);
        if (built.immutable === true) expect(again.immutable).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
