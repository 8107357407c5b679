import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { timeseriesStores } from '../../test/timeseries-stores.js';
import { itTakesBars } from './bars-ingest.conformance.js';

let room: Ingest;

beforeAll(async () => {
  room = await openIngest();
}, 60_000);

afterAll(async () => {
  await room.stop();
});

beforeEach(async () => {
  await room.empty();
});

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount,adj_factor';
const line = (day: string, close = '10.20', factor = '1.500000'): string =>
  `600519,SSE,${day},10,11,9.5,${close},100,1010.5,${factor}`;

for (const store of timeseriesStores) itTakesBars(store);

describe('a block of bars in PostgreSQL', () => {
  it('keeps decimals as they were written', async () => {
    await room.bars.ingest(request(HEADER, line('2024-06-14')));
    expect(await room.rows('SELECT close::text, adj_factor::text, day::text FROM market_data.bars_daily')).toEqual([
      { close: '10.20', adj_factor: '1.500000', day: '2024-06-14' },
    ]);
  });
});

describe('a list of instruments', () => {
  it('refuses bad lines with a reason and keeps what a shorter list does not say', async () => {
    const full = 'code,exchange,name,area,industry,list_date';
    await room.lists.ingest(request(full, '300999,SZSE,金龙鱼,上海,食品,2020-10-15'));
    const report = await room.lists.ingest(
      request('code,exchange,name', '300999,SZSE,金龙鱼A\n30099,SZSE,x\n300998,NYSE,y\n300997,SZSE,'),
    );
    expect(report).toMatchObject({ total: 4, updated: 1, failed: 3 });
    expect(report.items.map(({ line: at, status }) => [at, status])).toEqual([
      [3, 400],
      [4, 400],
      [5, 400],
    ]);
    expect(
      await room.rows("SELECT name, area, list_date::text FROM market_data.instruments WHERE symbol = '300999.SZ'"),
    ).toEqual([{ name: '金龙鱼A', area: '上海', list_date: '2020-10-15' }]);
  });

  it('takes NDJSON too', async () => {
    const item = { symbol: '399995.SZ', name: 'Names, "quoted"', status: 'delisted' };
    const report = await room.lists.ingest(request('', JSON.stringify(item), { format: 'ndjson', want_items: true }));
    expect(report).toMatchObject({ inserted: 1, items: [{ status: 201, id: '399995.SZ' }] });
  });

  it('keeps an instrument delisted when a list without a status names it', async () => {
    const item = { symbol: '399994.SZ', name: 'gone', status: 'delisted' };
    await room.lists.ingest(request('', JSON.stringify(item), { format: 'ndjson' }));
    const named = JSON.stringify({ symbol: '399994.SZ', name: 'gone' });
    expect(await room.lists.ingest(request('', named, { format: 'ndjson' }))).toMatchObject({
      unchanged: 1,
      updated: 0,
    });
  });
});
