import { tradingDays } from '@mystocks/calendar';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresPool } from '@mystocks/connection-pool';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, get, type Reply } from './requests.js';

type Fields = Readonly<Record<string, string>>;
interface Told {
  readonly summary: Readonly<Record<string, number>>;
  readonly items: readonly {
    readonly index: number;
    readonly line?: number;
    readonly status: number;
    readonly error?: { readonly code: number };
  }[];
}

const COUNT = 1_000;
const names = ['code', 'exchange', 'date', 'open', 'high', 'low', 'close', 'volume'] as const;
const dates = tradingDays('2005-01-01', '2009-12-31');
const good = (n: number): Fields => {
  const date = dates[n] ?? '';
  return { code: '600000', exchange: 'SSE', date, open: '10', high: '11', low: '9.5', close: '10.2', volume: `${n}` };
};

/** What can be wrong with a bar, and the number of the problem it is told with. */
const wrongs: readonly (readonly [change: Fields, code: number])[] = [
  [{ exchange: 'NYSE' }, 1102],
  [{ code: '60000' }, 1102],
  [{ code: '688999' }, 2101],
  [{ date: '2005-02-30' }, 1204],
  [{ date: '2999-01-01' }, 1204],
  [{ open: '-1' }, 1001],
  [{ close: '' }, 1001],
  [{ low: '10.5' }, 1001],
  [{ volume: '1.5' }, 1001],
  [{ volume: "1); DROP TABLE market_data.bars_daily; --'" }, 1001],
];
/** Every fourteenth or so, 70 of 1,000, spread unevenly. */
const poisoned = new Map(
  Array.from({ length: 70 }, (_, n) => [n * 14 + (n % 7), wrongs[n % wrongs.length] ?? [{}, 0]]),
);
const rows: readonly Fields[] = Array.from({ length: COUNT }, (_, n) => ({ ...good(n), ...poisoned.get(n)?.[0] }));
const expected = [...poisoned].map(([index, [, code]]) => [index, code]);

let system: System;
let database: PostgresPool;
beforeAll(async () => {
  system = await startSystem();
  const url = system.postgres.superuserUrl;
  database = new PostgresPool({ name: 'spec', url, size: 2, overflow: 0, statementTimeoutMs: 20_000 });
  await post('/api/v2/batch/symbols', '{"symbol":"600000.SH","name":"A"}\n', 'application/x-ndjson');
}, 60_000);
afterAll(async () => {
  await database.close();
  await system.stop();
}, 30_000);
beforeEach(() =>
  database.write((client) =>
    client.query('TRUNCATE market_data.bars_daily, market_data.quotes, market_data.quotes_latest'),
  ),
);
const rowsOf = async <Row extends object>(text: string): Promise<Row[]> => (await database.query<Row>({ text })).rows;

const post = (path: string, body: string, type: string, key?: string): Promise<Reply> => {
  const headers = { ...bearer(system.adminToken), 'content-type': type };
  return ask(system.url, path, {
    method: 'POST',
    headers: key === undefined ? headers : { ...headers, 'idempotency-key': key },
    body,
  });
};
const lines = (texts: readonly string[]): string => `${texts.join('\n')}\n`;

describe('a batch of 1,000 bars of which 70 are wrong in ten ways', () => {
  it.each([
    ['JSON', JSON.stringify({ items: rows }), 'application/json'],
    ['NDJSON', lines(rows.map((row) => JSON.stringify(row))), 'application/x-ndjson'],
    ['CSV', lines([names.join(), ...rows.map((row) => names.map((name) => row[name]).join())]), 'text/csv'],
  ])(
    'a batch of 1,000 bars of which 70 are wrong in ten ways as %s stores exactly the others, and tells index and reason of each',
    async (_format, body, type) => {
      const { status, body: told } = await post('/api/v2/batch/bars', body, type);
      const { summary, items } = told as Told;
      expect(status).toBe(207);
      expect(summary).toMatchObject({ total: 1_000, succeeded: 930, failed: 70, inserted: 930 });
      expect(items.map(({ index }) => index)).toEqual(rows.map((_, index) => index));
      expect(items.flatMap(({ index, error }) => (error === undefined ? [] : [[index, error.code]]))).toEqual(expected);
      const days = await rowsOf<{ day: string }>('SELECT day::text FROM market_data.bars_daily ORDER BY day');
      const kept = rows.flatMap((_, n) => (poisoned.has(n) ? [] : [good(n)['date']]));
      expect(days.map(({ day }) => day)).toEqual(kept);
    },
  );

  it('stores none of them when that is to abort', async () => {
    const { status, body } = await post(
      '/api/v2/batch/bars?on_error=abort',
      JSON.stringify({ items: rows }),
      'application/json',
    );
    expect([status, (body as Told).summary['failed']]).toEqual([422, COUNT]);
    expect(await rowsOf('SELECT FROM market_data.bars_daily')).toEqual([]);
  });
});

describe('a batch with items that are no objects', () => {
  it('stores the others', async () => {
    const items = [good(1), null, good(2), 5, [good(3)], 'x'];
    const { status, body } = await post('/api/v2/batch/bars', JSON.stringify({ items }), 'application/json');
    expect([status, (body as Told).items.map((item) => item.status)]).toEqual([207, [201, 400, 201, 400, 400, 400]]);
  });
});

describe('a batch of 1,000 quotes of which 70 are malformed', () => {
  it('stores exactly the others in their order, and names the rest', async () => {
    const quote = (n: number): object => ({
      symbol: '600000.SH',
      t: new Date(Date.UTC(2024, 5, 14, 2) + n * 1_000).toISOString(),
      last: (1_000 + n) / 100,
    });
    const bad: readonly unknown[] = [
      {},
      null,
      7,
      { ...quote(0), last: 'x' },
      { ...quote(0), symbol: 'DROP', t: '\u0000' },
    ];
    const quotes = Array.from({ length: COUNT }, (_, n) => (poisoned.has(n) ? bad[n % bad.length] : quote(n)));
    const send = (): Promise<Reply> => post('/api/v2/quotes', JSON.stringify({ quotes }), 'application/json', 'quotes');
    const { status, body, text } = await send();
    const { summary, items } = body as Told;
    const again = await send();
    expect([again.headers.get('idempotency-replayed'), again.text]).toEqual(['true', text]);
    expect([status, summary]).toMatchObject([207, { total: COUNT, inserted: 930, failed: 70 }]);
    expect(items.flatMap((item) => (item.status === 400 ? [item.index] : []))).toEqual([...poisoned.keys()]);
    const held = await rowsOf('SELECT count(*)::int AS n, max(seq)::int AS seq FROM market_data.quotes');
    expect(held).toEqual([{ n: 930, seq: 930 }]);
  });
});

describe('a cache that is warmed for good and for unknown symbols', () => {
  it('a cache that is warmed for good and for unknown symbols has the answers of the good ones, and names the others', async () => {
    const body = JSON.stringify({ symbols: ['600000.SH', '688999.SH', 'x'] });
    const reply = await post('/api/v2/cache/prewarm', body, 'application/json');
    expect(reply.status).toBe(207);
    // Bars and quote of each; a quote of an unknown symbol is an answer too: an empty one.
    expect((reply.body as Told).items.map((item) => item.status)).toEqual([201, 201, 404, 201, 400, 400]);
    const read = await get(system.url, '/api/v2/stocks/600000.SH/bars', system.adminToken);
    expect([read.status, read.headers.get('x-cache')]).toEqual([200, 'l2-hit']);
  });
});
