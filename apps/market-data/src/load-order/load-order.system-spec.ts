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

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount';
const SYMBOLS = 3;
/** All of January 2024. */
const days = tradingDays('2024-01-01', '2024-01-31');
const DAYS = days.length;

/** What another instance of the service has of its own. */
function otherInstance({ pool, bus, transactions, store, once, givenFactors }: Ingest): BarsIngestService {
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  const blocks = new BarBlocksService(directory, new InstrumentsIngestRepository(), transactions, bus.bus);
  const loads = new LoadOrderService(new LoadBlocksRepository(pool));
  return new BarsIngestService(blocks, store.barsIngest, once, loads, givenFactors);
}

/** A line of a file: its bar, as a number, and whether it gives an amount. */
interface GivenLine {
  readonly bar: number;
  readonly hasAmount: boolean;
}
interface StandingBar {
  readonly close: number;
  readonly amount: number | null;
}

/** The close of a line, and its amount where it has one, are its number. */
const lineOf = ({ bar, hasAmount }: GivenLine, number: number): string => {
  const day = days[bar % DAYS] ?? '';
  const amount = hasAmount ? String(number) : '';
  return `60051${String(Math.floor(bar / DAYS))},SSE,${day},1,9999,1,${String(number)},100,${amount}`;
};
const ALL = Array.from({ length: SYMBOLS * DAYS }, (_, bar) => lineOf({ bar, hasAmount: true }, 1)).join('\n');

/** What stands once all lines were stored one after the other, behind what stood before. */
function inTurn(file: readonly GivenLine[], isStored: boolean): Map<number, StandingBar> {
  const bars = new Map<number, StandingBar>();
  if (isStored) for (let bar = 0; bar < SYMBOLS * DAYS; bar += 1) bars.set(bar, { close: 1, amount: 1 });
  file.forEach(({ bar, hasAmount }, at) => {
    const number = at + 2;
    bars.set(bar, { close: number, amount: hasAmount ? number : (bars.get(bar)?.amount ?? null) });
  });
  return bars;
}

describe.each(timeseriesStores)('many blocks of one file at once, at two instances with $name', (store) => {
  let ingest: Ingest;
  let instances: BarsIngestService[];
  beforeAll(async () => {
    ingest = await openIngest(store);
    instances = [ingest.bars, otherInstance(ingest)];
    await ingest.bars.ingest(request(HEADER, ALL));
  }, 60_000);
  afterAll(() => ingest.stop());

  const standing = async (): Promise<Map<number, StandingBar>> => {
    const bars = new Map<number, StandingBar>();
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      const page = await barsReader(ingest).page({ symbol: `60051${String(symbol)}.SH` });
      for (const { t, c, amt } of page.bars)
        bars.set(symbol * DAYS + days.indexOf(t.slice(0, 10)), { close: c, amount: amt });
    }
    return bars;
  };

  it('end as if the lines had been stored one after the other, and list every superseded line once', async () => {
    const aLine = fc.record({ bar: fc.integer({ min: 0, max: SYMBOLS * DAYS - 1 }), hasAmount: fc.boolean() });
    const aBlock = fc.array(aLine, { minLength: 1, maxLength: 40 });
    const property = fc.asyncProperty(
      fc.array(aBlock, { minLength: 2, maxLength: 12 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      async (blocks, isStored, numbers) => {
        await ingest.empty();
        if (isStored) await ingest.bars.ingest(request(HEADER, ALL));
        const load = randomUUID();
        let next = 2;
        const given = blocks.map((lines) => {
          const first_line = next;
          next += lines.length;
          const body = lines.map((line, at) => lineOf(line, first_line + at)).join('\n');
          return { order: Number(numbers.next().value), block: request(HEADER, body, { first_line, load }) };
        });
        const shuffled = given.toSorted((a, b) => a.order - b.order);
        let sum: IngestRemarks = {};
        await mapBounded(shuffled, { atOnce: 6 }, async ({ order, block }) => {
          const report = await (instances[order % 2] as BarsIngestService).ingest(block);
          sum = addRemarks(sum, report);
        });
        const file = blocks.flat();
        expect(Object.fromEntries(await standing())).toEqual(Object.fromEntries(inTurn(file, isStored)));
        const superseded = file.length - new Set(file.map(({ bar }) => bar)).size;
        expect(sum.superseded?.count ?? 0).toBe(superseded);
        const lines = sum.superseded?.lines ?? [];
        expect(new Set(lines.map(({ line }) => line)).size).toBe(superseded);
        for (const { line, by } of lines) expect(file[by - 2]?.bar).toBe(file[line - 2]?.bar);
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  }, 60_000);
});
