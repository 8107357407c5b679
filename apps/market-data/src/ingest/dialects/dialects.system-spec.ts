import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../../test/bars-reader.js';
import { dialectExamples } from '../../../test/dialect-examples.js';
import { openIngest, request, type Ingest } from '../../../test/open-ingest.js';
import { timeseriesStores } from '../../../test/timeseries-stores.js';

const symbols = ['600000.SH', '000001.SZ'];

/** The bar that a row of COPY must come back as. */
function barOf(row: string): object {
  const [id = '', ...cells] = row.split(' ');
  const isDaily = (cells[0] ?? '').includes('-');
  const [minutes, day, time] = isDaily ? [undefined, cells[0], '00:00'] : cells;
  const [o, h, l, c, v, amt] = cells.slice(isDaily ? 1 : 3).map(Number);
  return {
    symbol: symbols[Number(id) - 1],
    timeframe: minutes === undefined ? '1Day' : `${minutes}Min`,
    bar: { t: `${day}T${time}:00+08:00`, o, h, l, c, v, amt },
  };
}

for (const store of timeseriesStores) {
  describe(`a file of another source in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;

    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
      await ingest.lists.ingest(request('symbol,name', '600000.SH,浦发银行\n000001.SZ,平安银行'));
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => ingest.empty());

    it.each(dialectExamples)(
      'comes back in shares and yuan: $name',
      async ({ header, lines, options, stored, remarks }) => {
        const block = request(header, lines.join('\n'), { first_line: header.split('\n').length + 1, ...options });
        expect(await ingest.bars.ingest(block)).toMatchObject({ inserted: stored.length, failed: 0, ...remarks });
        const expected = stored.map(barOf) as { symbol: string; timeframe: '1Day'; bar: object }[];
        for (const { symbol, timeframe, bar } of expected) {
          expect((await reader.page({ symbol, timeframe })).bars).toEqual([bar]);
        }
        expect(await ingest.bars.ingest(block)).toMatchObject({ unchanged: stored.length });
      },
    );
  });
}
