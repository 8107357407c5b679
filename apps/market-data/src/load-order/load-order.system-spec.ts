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
import { InstrumentsIngestRepository } from '../ingest/instruments/instruments-ingest.repository.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { InstrumentsRepository } from '../instruments/instruments.repository.js';
import { LoadBlocksRepository } from './load-blocks.repository.js';
import { itKeepsTheOrderOfAFile } from './load-order.conformance.js';
import { LoadOrderService } from './load-order.service.js';
import { itJudgesMinuteStamps } from './minute-stamps.conformance.js';
import { itChangesNothingWhenSentAgain } from './sent-again.conformance.js';

for (const store of timeseriesStores) {
  itKeepsTheOrderOfAFile(store);
  itJudgesMinuteStamps(store);
  itChangesNothingWhenSentAgain(store);
}

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount';
const SYMBOLS = 3;
/** All of January 2024. */
const days = tradingDays('2024-01-01', '2024-01-31');
const DAYS = days.length;

/** What another instance of the service has of its own. */
function otherInstance({ pool, bus, transactions, store, once, withheld, givenFactors }: Ingest): BarsIngestService {
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  const blocks = new BarBlocksService(directory, new InstrumentsIngestRepository(), transactions, bus.bus);
  const loads = new LoadOrderService(new LoadBlocksRepository(pool));
  return new BarsIngestService(blocks, store.barsIngest, once, loads, withheld, givenFactors);
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

/** What the lines of {@link ALL} leave behind, where they were stored. */
const stored = (isStored: boolean): Map<number, StandingBar> =>
  new Map(Array.from({ length: isStored ? SYMBOLS * DAYS : 0 }, (_, bar) => [bar, { close: 1, amount: 1 }]));

/** The blocks of one file, each with a number to sort them by. */
function blocksOf(blocks: readonly (readonly GivenLine[])[], next: () => number) {
  const load = randomUUID();
  let first_line = 2;
  return blocks.map((lines) => {
    const first = first_line;
    first_line += lines.length;
    const body = lines.map((line, at) => lineOf(line, first + at)).join('\n');
    return { load, order: next(), block: request(HEADER, body, { first_line: first, load, ends_load: true }) };
  });
}

/** What stands once all lines were stored one after the other, behind what stood before. */
function inTurn(file: readonly GivenLine[], before: ReadonlyMap<number, StandingBar>): Map<number, StandingBar> {
  const bars = new Map(before);
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

  /** Sends blocks in an order of their own, several at once, and ends their load. */
  const sendAll = async (blocks: ReturnType<typeof blocksOf>) => {
    let remarks: IngestRemarks = {};
    let changed = 0;
    const shuffled = blocks.toSorted((a, b) => a.order - b.order);
    await mapBounded(shuffled, { atOnce: 6 }, async ({ order, block }) => {
      const report = await (instances[order % 2] as BarsIngestService).ingest(block);
      remarks = addRemarks(remarks, report);
      changed += report.inserted + report.updated;
    });
    const end = await ingest.ends.end({ load: blocks[0]?.load ?? '' }, 'market-data');
    return { remarks, changed: changed + end.inserted + end.updated };
  };

  it('many blocks of one file at once, at two instances with $name end as if the lines had been stored one after the other, list every superseded line once and change nothing again', async () => {
    const aLine = fc.record({ bar: fc.integer({ min: 0, max: SYMBOLS * DAYS - 1 }), hasAmount: fc.boolean() });
    const aBlock = fc.array(aLine, { minLength: 1, maxLength: 40 });
    const property = fc.asyncProperty(
      fc.array(aBlock, { minLength: 2, maxLength: 12 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      async (blocks, isStored, numbers) => {
        await ingest.empty();
        if (isStored) await ingest.bars.ingest(request(HEADER, ALL));
        const send = (sent: readonly (readonly GivenLine[])[]) =>
          sendAll(blocksOf(sent, () => Number(numbers.next().value)));
        const file = blocks.flat();
        const ends = Object.fromEntries(inTurn(file, stored(isStored)));
        const superseded = file.length - new Set(file.map(({ bar }) => bar)).size;
        for (const isAgain of [false, true]) {
          ingest.bus.published.length = 0;
          const { remarks, changed } = await send(blocks);
          expect(Object.fromEntries(await standing())).toEqual(ends);
          expect(remarks.superseded?.count ?? 0).toBe(superseded);
          const lines = remarks.superseded?.lines ?? [];
          expect(new Set(lines.map(({ line }) => line)).size).toBe(superseded);
          for (const { line, by } of lines) expect(file[by - 2]?.bar).toBe(file[line - 2]?.bar);
          if (isAgain) expect([changed, ingest.changes()]).toEqual([0, []]);
        }
        // The file without its end: what stands is changed as if its lines were stored one after the other.
        const upper = blocks.slice(0, -1);
        await send(upper);
        const shorter = inTurn(upper.flat(), new Map(Object.entries(ends).map(([bar, value]) => [Number(bar), value])));
        expect(Object.fromEntries(await standing())).toEqual(Object.fromEntries(shorter));
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  }, 120_000);
});
