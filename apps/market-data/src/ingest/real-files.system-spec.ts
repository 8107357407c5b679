import { tradingDays } from '@mystocks/calendar';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fileOf, hasData, openIngest, request, type Ingest } from '../../test/open-ingest.js';

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

(hasData ? describe : describe.skip)('real files', () => {
  it('takes all 174,525 daily bars, each as its line says, and a second time none', async () => {
    const name = 'cn_daily_raw_2020_2023.csv.gz';
    expect(await room.load(name)).toMatchObject({ total: 174_525, inserted: 174_525, failed: 0 });
    const stored =
      await room.rows(`SELECT CASE kind WHEN 'index' THEN 'IDX' ELSE '' END || code || ',' || exchange || ',' || day || ',' || open || ',' || high || ',' ||
      low || ',' || close || ',' || pre_close || ',' || volume || ',' || amount || ',' || trade_status || ',' || adj_factor AS line
      FROM market_data.bars_daily b JOIN market_data.instruments i ON i.id = b.instrument_id`);
    const expected = fileOf(name).lines.map((text) => {
      const cells = text.split(',');
      return [...cells.slice(0, 10), cells[12], cells[14]].join(',');
    });
    expect(new Set(stored.map((row) => row['line']))).toEqual(new Set(expected));
    const before = room.changes().length;
    expect(await room.load(name)).toMatchObject({ inserted: 0, updated: 0, unchanged: 174_525 });
    expect(room.changes()).toHaveLength(before);
  }, 60_000);

  it('refuses each defect with its line and a reason, and stores the good lines around it and the suspended days', async () => {
    const { header, lines } = fileOf('cn_daily_defects_real.csv');
    const goodLine = (text: string): string =>
      text.replace(/^(\w+,\w+),.*$/, '$1,2019-03-26,10,11,9,10,100,1000,1,spec,none');
    const days = tradingDays('2018-01-01', '2018-12-31');
    const goodLines = lines.map((text, at) => goodLine(text).replace('2019-03-26', days[at] ?? ''));
    const mixed = lines.flatMap((text, at) => [text, goodLines[at] ?? '']);
    const report = await room.bars.ingest(request(header, mixed.join('\n')));
    expect(report).toMatchObject({ total: 102, failed: 31, inserted: 71, ignored_columns: ['source', 'defect'] });
    const isSuspended = (text: string): boolean => text.split(',')[9] === '0';
    expect(report.items.map((item) => item.line)).toEqual(
      lines.flatMap((text, at) => (isSuspended(text) ? [] : [2 + at * 2])),
    );
    expect(new Set(report.items.map(({ message }) => message))).toEqual(
      new Set(['high is below open, close or low', 'low is above open, close or high']),
    );
  });

  it('takes 240 one-minute bars a day but for the two index bars that are broken', async () => {
    const report = await room.load('cn_min1_raw_hqchart_2024.csv.gz', { timeframe: '1Min' });
    expect(report).toMatchObject({ total: 96_480, inserted: 96_478, failed: 2 });
    const days =
      await room.rows(`SELECT DISTINCT count(*)::int AS n FROM market_data.bars_minute b JOIN market_data.instruments i
      ON i.id = b.instrument_id WHERE i.kind = 'stock' GROUP BY i.id, t::date`);
    expect(days).toEqual([{ n: 240 }]);
    const partitions = await room.rows(
      'SELECT DISTINCT relname::text AS name FROM market_data.bars_minute b JOIN pg_class c ON c.oid = b.tableoid',
    );
    expect(partitions).toEqual([{ name: 'bars_minute_2024' }]);
    expect(await room.load('cn_min1_raw_hqchart_2024.csv.gz', { timeframe: '1Min' })).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 96_478,
    });
  }, 60_000);

  it('takes the stock list, names and all, and a second time nothing changes', async () => {
    const { header, lines } = fileOf('cn_stock_list_mit.csv');
    const list = request(header, lines.join('\n'));
    const first = await room.lists.ingest(list);
    expect(first.failed).toBe(0);
    expect(first.total).toBe(5_448);
    expect(await room.lists.ingest(list)).toMatchObject({ inserted: 0, updated: 0, unchanged: 5_448 });
    const answer = await room.instruments.get('600519');
    expect(JSON.parse(answer.body.toString())).toEqual({
      symbol: '600519.SH',
      code: '600519',
      exchange: 'SSE',
      kind: 'stock',
      name: '贵州茅台',
      area: '贵州',
      industry: '白酒',
      list_date: '2001-08-27',
      status: 'listed',
    });
  });

  it('pages through every instrument once', async () => {
    const symbols: string[] = [];
    let page_token: string | undefined;
    do {
      const answer = await room.instruments.list({
        exchange: 'BSE',
        limit: 100,
        ...(page_token === undefined ? {} : { page_token }),
      });
      const page = JSON.parse(answer.body.toString()) as {
        symbols: { symbol: string }[];
        next_page_token: string | null;
      };
      symbols.push(...page.symbols.map(({ symbol }) => symbol));
      page_token = page.next_page_token ?? undefined;
    } while (page_token !== undefined);
    expect(symbols).toHaveLength(282);
    expect([...new Set(symbols)].sort()).toEqual(symbols);
  });

  it('finds by the start of a code or a part of a name, and takes wildcards for letters', async () => {
    const found = async (q: string): Promise<string[]> => {
      const page = JSON.parse((await room.instruments.list({ q, limit: 10 })).body.toString()) as {
        symbols: { symbol: string }[];
      };
      return page.symbols.map(({ symbol }) => symbol);
    };
    expect(await found('茅台')).toEqual(['600519.SH']);
    expect(await found('60051')).toContain('600519.SH');
    expect(await found('SH600519')).toEqual(['600519.SH']);
    expect(await found('%')).toEqual([]);
    expect(await found('_____')).toEqual([]);
    expect(await found("' OR 1=1 --")).toEqual([]);
  });
});
