import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, recordAccesses, type RecordAccessesRequest } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { AccessesService } from './accesses.service.js';
import { SYMBOLS_MAX } from './read-cells.js';

let fake: FakeBus;
let told: RecordAccessesRequest[];
let accesses: AccessesService;
beforeEach(() => {
  fake = new FakeBus();
  told = [];
  fake.answer(recordAccesses, (request) => {
    told.push(request);
    return { symbols: request.reads.length };
  });
  accesses = new AccessesService(fake.bus);
});
const reads = (): Record<string, number> =>
  Object.fromEntries(told.flatMap((one) => one.reads.map(({ symbol, count }) => [symbol, count])));

describe('counting reads', () => {
  it('adds every read to each symbol its answer names, once, whatever the tag is about', async () => {
    const both = accesses.cellOf(['600519.SH', 'quote:600519.SH', 'instruments']);
    const two = accesses.cellOf(['quote:600519.SH', 'quote:000001.SZ']);
    both.add();
    both.add();
    two.add();
    await accesses.report();
    expect(reads()).toEqual({ '600519.SH': 3, '000001.SZ': 1 });
    two.add();
    await accesses.report();
    expect(told[1]?.reads).toEqual([
      { symbol: '600519.SH', count: 1 },
      { symbol: '000001.SZ', count: 1 },
    ]);
  });

  it('says nothing when nothing was read of a symbol', async () => {
    accesses.cellOf(['instruments']).add();
    accesses.cellOf(['600519.SH']);
    await accesses.report();
    expect(told).toEqual([]);
  });

  it('counts on while the cache service is away, and tells all of it later', async () => {
    const cell = accesses.cellOf(['600519.SH']);
    cell.add();
    fake.answer(recordAccesses, () => {
      throw new Failure('unavailable', 'no instance answers');
    });
    await accesses.report();
    cell.add();
    fake.answer(recordAccesses, (request) => {
      told.push(request);
      return { symbols: request.reads.length };
    });
    await accesses.report();
    expect(reads()).toEqual({ '600519.SH': 2 });
  });

  it('does not tell twice what may have been recorded', async () => {
    accesses.cellOf(['600519.SH']).add();
    fake.answer(recordAccesses, (request) => {
      told.push(request);
      throw new Failure('timeout', 'the answer was lost');
    });
    await accesses.report();
    await accesses.report();
    expect(told).toHaveLength(1);
  });

  it('keeps to as many symbols as one message tells, however many are named', async () => {
    const symbolOf = (n: number): string => `${String(n).padStart(6, '0')}.SZ`;
    for (let n = 0; n < 3 * SYMBOLS_MAX; n += 100) {
      accesses.cellOf(Array.from({ length: 100 }, (_, place) => symbolOf(n + place))).add();
    }
    await accesses.report();
    expect(told[0]?.reads).toHaveLength(SYMBOLS_MAX);
  });

  it('sums up early when very many answers were read', async () => {
    for (let n = 0; n < 50_000; n += 1) accesses.cellOf(['600519.SH']).add();
    await accesses.report();
    expect(reads()).toEqual({ '600519.SH': 50_000 });
  });

  it('tells the rest when the process stops', async () => {
    accesses.onModuleInit();
    accesses.cellOf(['600519.SH']).add();
    await accesses.onModuleDestroy();
    expect(reads()).toEqual({ '600519.SH': 1 });
  });
});
