import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';

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

describe('a block of bars', () => {
  it('is stored, told once a symbol, and changes nothing the second time', async () => {
    const block = request(HEADER, [line('2024-06-14'), line('2024-06-13'), line('2024-06-17')].join('\n'));
    const first = await room.bars.ingest(block);
    expect(first).toMatchObject({
      total: 3,
      inserted: 3,
      updated: 0,
      unchanged: 0,
      failed: 0,
      lsn: expect.stringContaining('/'),
    });
    expect(room.changes()).toEqual([
      expect.objectContaining({
        symbol: '600519.SH',
        timeframe: '1Day',
        from: '2024-06-13',
        to: '2024-06-17',
        bar: { t: '2024-06-17T00:00:00+08:00', o: 10, h: 11, l: 9.5, c: 10.2, v: 100, amt: 1010.5 },
        lsn: first.lsn,
      }),
    ]);
    expect(await room.bars.ingest(block)).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
    expect(room.changes()).toHaveLength(1);
  });

  it('keeps decimals as they were written', async () => {
    await room.bars.ingest(request(HEADER, line('2024-06-14')));
    expect(await room.rows('SELECT close::text, adj_factor::text, day::text FROM market_data.bars_daily')).toEqual([
      { close: '10.20', adj_factor: '1.500000', day: '2024-06-14' },
    ]);
  });

  it('inserts, changes and leaves alone in one go, and tells which line did what', async () => {
    await room.bars.ingest(request(HEADER, [line('2024-06-13'), line('2024-06-14')].join('\n')));
    const body = [line('2024-06-13'), line('2024-06-14', '10.30'), line('2024-06-17'), line('2024-06-31')].join('\n');
    const report = await room.bars.ingest(request(HEADER, body, { want_items: true }));
    expect(report).toMatchObject({ total: 4, inserted: 1, updated: 1, unchanged: 1, failed: 1 });
    expect(report.items.map(({ line: at, status, id }) => [at, status, id])).toEqual([
      [2, 200, '600519.SH 1Day 2024-06-13'],
      [3, 200, '600519.SH 1Day 2024-06-14'],
      [4, 201, '600519.SH 1Day 2024-06-17'],
      [5, 400, '600519 SSE 2024-06-31'],
    ]);
    expect(room.changes().at(-1)).toMatchObject({ from: '2024-06-14', to: '2024-06-17' });
  });

  it('keeps a factor that a later file does not have', async () => {
    await room.bars.ingest(request(HEADER, line('2024-06-14')));
    const later = request('code,exchange,date,open,high,low,close,volume', '600519,SSE,2024-06-14,10,11,9.5,10.4,100');
    expect(await room.bars.ingest(later)).toMatchObject({ updated: 1 });
    expect(await room.rows('SELECT close::text, adj_factor::text FROM market_data.bars_daily')).toEqual([
      { close: '10.4', adj_factor: '1.500000' },
    ]);
  });

  it('takes the last of several lines about one bar, also where something stood', async () => {
    const body = [line('2024-06-14', '10.1'), line('2024-06-14', '10.2')].join('\n');
    expect(await room.bars.ingest(request(HEADER, body))).toMatchObject({ total: 2, inserted: 1, unchanged: 1 });
    const again = [line('2024-06-14', '10.5'), line('2024-06-14', '10.6')].join('\n');
    expect(await room.bars.ingest(request(HEADER, again))).toMatchObject({ total: 2, updated: 1, unchanged: 1 });
    expect(await room.rows('SELECT close::text FROM market_data.bars_daily')).toEqual([{ close: '10.6' }]);
  });

  it('stores nothing when one line is wrong and that is to abort', async () => {
    const body = [line('2024-06-14'), line('2024-06-31')].join('\n');
    const report = await room.bars.ingest(request(HEADER, body, { on_error: 'abort', want_items: true }));
    expect(report).toMatchObject({ total: 2, inserted: 0, failed: 2 });
    expect(report.items.map(({ status }) => status)).toEqual([424, 400]);
    expect(report.lsn).toBeUndefined();
    expect(await room.rows('SELECT 1 FROM market_data.bars_daily')).toEqual([]);
  });

  it('refuses instruments nobody knows unless they are to be registered', async () => {
    const body = line('2024-06-14').replace('600519', '688999');
    expect(await room.bars.ingest(request(HEADER, body, { register: false }))).toMatchObject({
      failed: 1,
      items: [{ status: 404, code: 2101 }],
    });
    expect(await room.bars.ingest(request(HEADER, body))).toMatchObject({ inserted: 1, registered: ['688999.SH'] });
  });

  it('stores each bar once when the same block comes many times at once', async () => {
    const body = Array.from({ length: 28 }, (_, day) => line(`2024-02-${String(day + 1).padStart(2, '0')}`)).join('\n');
    const reports = await Promise.all(Array.from({ length: 6 }, () => room.bars.ingest(request(HEADER, body))));
    expect(reports.every(({ failed }) => failed === 0)).toBe(true);
    expect(await room.rows('SELECT count(*)::int AS n FROM market_data.bars_daily')).toEqual([{ n: 28 }]);
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
