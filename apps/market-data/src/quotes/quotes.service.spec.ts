import { chinaLocal } from '@mystocks/calendar';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anInstant } from '../../test/instants.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { InstrumentDirectory } from '../instruments/instrument-directory.js';
import type { QuotesRepository } from './stored/quotes.repository.js';
import { QuotesService } from './quotes.service.js';

const symbols = ['600519.SH', '000001.SZ'];

/** Two instruments whose latest quotes were made at these instants, if there are any. */
function serviceAt(now: () => number, quotes: readonly (number | undefined)[]): QuotesService {
  const find = (alias: string): Promise<object | undefined> => {
    const id = symbols.findIndex((symbol) => alias.includes(symbol.slice(0, 6)));
    return Promise.resolve(id === -1 ? undefined : { id, symbol: symbols[id] });
  };
  const rows = quotes.map((ms, place) =>
    ms === undefined
      ? { place, quote: null, t: null, simulated: null, bars: null }
      : { place, quote: '{"last":1}', t: `${chinaLocal(ms)}+08:00`, simulated: false, bars: ['{"c":1}'] },
  );
  const repository = {
    latest: () => Promise.resolve(rows.filter(({ t }) => t !== null)),
    snapshots: () => Promise.resolve(rows),
  };
  return new QuotesService(
    { find } as unknown as InstrumentDirectory,
    repository as unknown as QuotesRepository,
    {} as unknown as IdempotencyService,
    { now },
  );
}

const china = (text: string): number => Date.parse(`${text}+08:00`);

describe('quotes and snapshots', () => {
  it('quotes and snapshots are invalidated by what they show, and by the list where it decides what they show', async () => {
    const service = serviceAt(() => china('2024-06-14T10:00:00'), [undefined, undefined]);
    expect((await service.latest({ symbols })).tags).toEqual(['quote:600519.SH', 'quote:000001.SZ']);
    expect((await service.snapshots({ symbols: ['600519.SH'] })).tags).toEqual(['600519.SH', 'quote:600519.SH']);
    expect((await service.latest({ symbols: ['SH600519', '999999.SH'] })).tags).toEqual([
      'quote:600519.SH',
      'instruments',
    ]);
    expect((await service.snapshots({ symbols: ['600519'] })).tags).toContain('instruments');
  });

  it('quotes and snapshots are kept no longer than the oldest of them is live', async () => {
    const now = china('2024-06-14T10:00:00');
    const service = serviceAt(() => now, [now - 1_000, now - 14_000]);
    expect(await service.latest({ symbols })).toMatchObject({ quality: 'live', ttl_ms: 1_000 });
    const behind = serviceAt(() => now, [now - 1_000, now - 16_000]);
    expect(await behind.latest({ symbols })).toMatchObject({ quality: 'delayed', ttl_ms: 3_000 });
  });

  it('quotes and snapshots are asked for again soon where one lacks that may be listed any moment', async () => {
    const rested = serviceAt(() => china('2024-06-15T10:00:00'), [undefined, undefined]);
    expect(await rested.latest({ symbols: ['600519.SH', '999999.SH'] })).toMatchObject({ ttl_ms: 30_000 });
    expect((await rested.latest({ symbols: ['600519.SH'] })).ttl_ms).toBeGreaterThan(86_400_000);
  });

  it('quotes and snapshots say where their quality lies', async () => {
    const now = china('2024-06-14T10:00:00');
    for (const [quotes, label] of [
      [[now, now], '"live"'],
      [[undefined, undefined], 'null'],
    ] as const) {
      const service = serviceAt(() => now, quotes);
      for (const { body, quality_at } of [await service.latest({ symbols }), await service.snapshots({ symbols })]) {
        expect(body.subarray(quality_at).toString().startsWith(`${label},"as_of":`)).toBe(true);
      }
    }
  });

  it('quotes and snapshots say one phase, though the market closes while they are put together', async () => {
    const edge = china('2024-06-14T15:00:00');
    const instants = [edge - 1, edge];
    const service = serviceAt(() => instants.shift() ?? edge, [edge - 1_000, undefined]);
    const answer = await service.snapshots({ symbols });
    expect(answer.body.toString()).toContain('"phase":"closing_auction"');
    expect(answer).toMatchObject({ quality: 'live', ttl_ms: 1 });
  });

  it('quotes and snapshots stay word for word what the owner would say, until they end', async () => {
    const age = fc.oneof(
      fc.integer({ min: -20_000, max: 40_000 }),
      fc.integer({ min: -86_400_000, max: 12 * 86_400_000 }),
    );
    const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const agesOfTwo = fc.tuple(age, fc.option(age, { nil: undefined }));
    await fc.assert(
      fc.asyncProperty(anInstant, agesOfTwo, fc.boolean(), part, async (builtMs, ages, isSnapshot, later) => {
        let nowMs = builtMs;
        const made = ages.map((ms) => (ms === undefined ? undefined : builtMs - ms));
        const service = serviceAt(() => nowMs, made);
        const read = () => (isSnapshot ? service.snapshots({ symbols }) : service.latest({ symbols }));
        const built = await read();
        nowMs = builtMs + Math.floor(built.ttl_ms * later);
        const again = await read();
        expect(again.body.toString()).toBe(built.body.toString());
        expect([again.etag, again.quality]).toEqual([built.etag, built.quality]);
      }),
      { numRuns: 3_000 },
    );
  });
});
