import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tradingDays } from '@mystocks/calendar';
import { addRemarks, type IngestRemarks } from '@mystocks/contracts';
import { mapBounded } from '@mystocks/kernel';
import fc from 'fast-check';
import { barsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { timeseriesStores } from '../../test/timeseries-stores.js';
import { BarBlocksService } from '../ingest/bar-blocks.service.js';
import { BarsIngestService } from '../ingest/bars-ingest.service.js';
import { InstrumentsIngestRepository } from '../ingest/instruments-ingest.repository.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { InstrumentsRepository } from '../instruments/instruments.repository.js';
import { LoadBlocksRepository } from './load-blocks.repository.js';
import { itKeepsTheOrderOfAFile } from './load-order.conformance.js';
import { LoadOrderService } from './load-order.service.js';
import { itJudgesMinuteStamps } from './minute-stamps.conformance.js';

for (const store of timeseriesStores) {
  itKeepsTheOrderOfAFile(store);
  itJudgesMinuteStamps(store);
}

const HEADER = 'code,exchange,date,open,high,low,close,volume';
const SYMBOLS = 3;
/** All of January 2024. */
const days = tradingDays('2024-01-01', '2024-01-31');
const DAYS = days.length;

/** What another instance of the service has of its own. */
function otherInstance({ pool, bus, transactions, store, once }: Ingest): BarsIngestService {
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  const blocks = new BarBlocksService(directory, new InstrumentsIngestRepository(), transactions, bus.bus);
  return new BarsIngestService(blocks, store.barsIngest, once, new LoadOrderService(new LoadBlocksRepository(pool)));
}

/** The bar of a line, as a number; the line itself has its own number as its close. */
const lineOf = (bar: number, number: number): string => {
  const day = days[bar % DAYS] ?? '';
  return `60051${String(Math.floor(bar / DAYS))},SSE,${day},1,9999,1,${String(number)},100`;
};

describe('many blocks of one file at once, at two instances', () => {
  let ingest: Ingest;
  let instances: BarsIngestService[];
  beforeAll(async () => {
    ingest = await openIngest();
    instances = [ingest.bars, otherInstance(ingest)];
    const all = Array.from({ length: SYMBOLS * DAYS }, (_, bar) => lineOf(bar, 1)).join('\n');
    await ingest.bars.ingest(request(HEADER, all));
  });
  afterAll(() => ingest.stop());

  it('end as if the lines had been stored one after the other, and list every superseded line once', async () => {
    const aLine = fc.integer({ min: 0, max: SYMBOLS * DAYS - 1 });
    const aBlock = fc.array(aLine, { minLength: 1, maxLength: 40 });
    const property = fc.asyncProperty(
      fc.array(aBlock, { minLength: 2, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      async (blocks, numbers) => {
        await ingest.empty();
        const load = randomUUID();
        let next = 2;
        const given = blocks.map((bars) => {
          const first_line = next;
          next += bars.length;
          const body = bars.map((bar, at) => lineOf(bar, first_line + at)).join('\n');
          return { order: Number(numbers.next().value), block: request(HEADER, body, { first_line, load }) };
        });
        const shuffled = given.toSorted((a, b) => a.order - b.order);
        let sum: IngestRemarks = {};
        await mapBounded(shuffled, { atOnce: 6 }, async ({ order, block }) => {
          const report = await (instances[order % 2] as BarsIngestService).ingest(block);
          sum = addRemarks(sum, report);
        });
        const file = blocks.flat();
        const last = new Map(file.map((bar, at) => [bar, at + 2]));
        const stored = new Map<number, number>();
        for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
          const { bars } = await barsReader(ingest).page({ symbol: `60051${String(symbol)}.SH` });
          for (const { t, c } of bars) stored.set(symbol * DAYS + days.indexOf(t.slice(0, 10)), c);
        }
        expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(last));
        expect(sum.superseded?.count ?? 0).toBe(file.length - last.size);
        const lines = sum.superseded?.lines ?? [];
        expect(new Set(lines.map(({ line }) => line)).size).toBe(file.length - last.size);
        for (const { line, by } of lines) expect(file[by - 2]).toBe(file[line - 2]);
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  });
});
