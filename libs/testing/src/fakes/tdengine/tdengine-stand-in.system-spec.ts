import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../process/wait-for.js';
import { startTdengineStandIn, type TdengineStandIn } from './tdengine-stand-in.js';

let standIn: TdengineStandIn;
const basic = `Basic ${Buffer.from('root:taosdata').toString('base64')}`;

async function post(sql: string, path = '/rest/sql/t', authorization: string | null = basic): Promise<Response> {
  const headers = authorization === null ? {} : { authorization };
  return fetch(`http://127.0.0.1:${String(standIn.port)}${path}`, { method: 'POST', headers, body: sql });
}
const ask = async (sql: string, path?: string): Promise<Record<string, unknown>> =>
  (await (await post(sql, path)).json()) as Record<string, unknown>;
const code = async (sql: string): Promise<unknown> => (await ask(sql))['code'];
const rows = async (sql: string): Promise<unknown> => (await ask(sql))['data'];

beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());

describe('TdengineStandIn', () => {
  beforeEach(async () => {
    standIn.heal();
    await ask('DROP DATABASE IF EXISTS t');
    await ask(`CREATE DATABASE t PRECISION 'ms' KEEP 36500`);
    await ask(`CREATE STABLE bars (ts TIMESTAMP, close DECIMAL(18,4), amount DOUBLE, volume BIGINT, note VARCHAR(8))
      TAGS (symbol VARCHAR(6), exchange VARCHAR(4))`);
    await ask(`INSERT INTO b_1 USING bars TAGS ('600519', 'SSE') VALUES (1000, 1410.5, 1.5, 9007199254740993, 'a') (2000, 2, NULL, 2, 'b')
      b_2 USING bars TAGS ('000001', 'SZSE') (ts, close) VALUES (1500, 3.00005)`);
  });

  it('answers DDL and DML with affected_rows, a query with column_meta, data and rows', async () => {
    expect(await ask(`INSERT INTO b_1 VALUES (3000, 1, 1, 1, 'c')`)).toEqual({
      code: 0,
      column_meta: [['affected_rows', 'INT', 4]],
      data: [[1]],
      rows: 1,
    });
    const answer = await (await post('SELECT ts, close, volume FROM b_1 WHERE ts < 1500')).text();
    expect(answer).toBe(
      '{"code":0,"column_meta":[["ts","TIMESTAMP",8],["close","DECIMAL(18,4)",8],["volume","BIGINT",8]],' +
        '"data":[["1970-01-01T00:00:01.000Z","1410.5000",9007199254740993]],"rows":1}',
    );
  });

  it('keeps one row of one child and time, and the columns that a later one does not name', async () => {
    await ask('INSERT INTO b_1 (ts, volume) VALUES (1000, 7)');
    expect(await rows('SELECT * FROM b_1 ORDER BY ts LIMIT 1')).toEqual([
      ['1970-01-01T00:00:01.000Z', '1410.5000', 1.5, 7, 'a'],
    ]);
  });

  it('selects by tags and time, groups, takes the last, orders and limits', async () => {
    expect(await rows(`SELECT volume FROM bars WHERE symbol IN ('600519') AND ts BETWEEN 0 AND 1500`)).toEqual([
      [9007199254740992],
    ]);
    expect(
      await rows(`SELECT symbol, LAST(amount) AS amount, COUNT(*) FROM bars PARTITION BY symbol ORDER BY symbol`),
    ).toEqual([
      ['000001', null, 1],
      ['600519', 1.5, 2],
    ]);
    expect(await rows('SELECT LAST_ROW(*) FROM b_1')).toEqual([['1970-01-01T00:00:02.000Z', '2.0000', null, 2, 'b']]);
    expect(await rows('SELECT tbname, ts FROM bars ORDER BY ts DESC LIMIT 1 OFFSET 1')).toEqual([
      ['b_2', '1970-01-01T00:00:01.500Z'],
    ]);
    expect(await rows('SELECT symbol, SUM(volume) FROM bars GROUP BY symbol ORDER BY symbol DESC')).toEqual([
      ['600519', 9007199254740996],
      ['000001', null],
    ]);
    expect(await rows('SELECT ts FROM bars PARTITION BY tbname ORDER BY ts DESC LIMIT 1')).toHaveLength(2);
    expect(await rows('SELECT MIN(ts), MAX(volume) FROM bars')).toEqual([
      ['1970-01-01T00:00:01.000Z', 9007199254740992],
    ]);
    expect(await rows(`SELECT COUNT(*) FROM bars WHERE symbol = 'absent'`)).toEqual([[0]]);
    expect(await rows(`DELETE FROM b_1 WHERE ts < 1500`)).toEqual([[1]]);
    expect(await rows(`DELETE FROM bars WHERE symbol = '000001' AND ts < 1501`)).toEqual([[1]]);
  });

  it('finds texts that are like a pattern', async () => {
    await ask(
      `INSERT INTO b_3 USING bars TAGS ('000002', 'SZSE') TTL 3 (ts, note) VALUES (1, 'a%b') (2, 'axb') (3, 'A_b')`,
    );
    const like = async (pattern: string): Promise<unknown> =>
      (await rows(`SELECT note FROM b_3 WHERE note LIKE '${pattern}' ORDER BY ts`)) as unknown;
    expect(await like('a%b')).toEqual([['a%b'], ['axb']]);
    expect(await like('_x_')).toEqual([['axb']]);
    expect(await like(String.raw`%\%%`)).toEqual([['a%b']]);
    expect(await like('')).toEqual([]);
  });

  const refused: [string, number][] = [
    ['SELECT close + 1 FROM bars', 0x2600],
    ['SELECT * FROM bars; DROP DATABASE t', 0x2600],
    ['SELECT * FROM bars -- all', 0x2600],
    [`INSERT INTO b_1 FILE '/etc/passwd'`, 0x2600],
    ['SELECT symbol FROM bars GROUP BY symbol', 0x2600],
    ['SELECT close, COUNT(*) FROM bars', 0x260c],
    ['SELECT symbol, LAST_ROW(close) FROM bars PARTITION BY symbol ORDER BY ts', 0x260c],
    ['SELECT nothing FROM bars', 0x2602],
    ['SELECT * FROM nowhere', 0x2662],
    ['SELECT * FROM bars WHERE NOT (open = 1 OR open = 2)', 0x0110],
    [`INSERT INTO b_1 VALUES (1, 1, 1, 1, 'too long a text')`, 0x2610],
    [`INSERT INTO b_1 VALUES (1, 1, 1, 1.5, 'a')`, 0x0216],
    ['INSERT INTO b_1 VALUES (1, 1)', 0x263f],
    ['INSERT INTO b_1 (ts) VALUES (-3155760000000)', 0x060b],
    ['DELETE FROM bars WHERE volume > 1', 0x2655],
    ['SELECT ts FROM bars WHERE volume LIKE 1', 0x2600],
    ['CREATE DATABASE t', 0x0381],
    ['CREATE STABLE words (ts TIMESTAMP, value INT) TAGS (c INT)', 0x2600],
    ['CREATE STABLE wide (ts TIMESTAMP, a VARCHAR(65517), b BIGINT) TAGS (c INT)', 0x263e],
    ['CREATE STABLE wide (ts TIMESTAMP, a VARCHAR(65518)) TAGS (c INT)', 0x2642],
    [`INSERT INTO b_1 VALUES (1, 1, 1, 1, '${'x'.repeat(1_048_576)}')`, 0x0219],
  ];
  it.each(refused.map(([sql, expected]) => [sql.slice(0, 60), sql, expected] as const))(
    'answers %s with the code of TDengine, under 200',
    async (_, sql, expected) => {
      const response = await post(sql);
      expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([200, expected]);
    },
  );

  it('keeps rows as old as KEEP says and none older', async () => {
    await ask('CREATE DATABASE short KEEP 10');
    await ask('CREATE STABLE short.s (ts TIMESTAMP, v INT) TAGS (g INT)');
    const insert = (days: number): Promise<Record<string, unknown>> =>
      ask(`INSERT INTO c USING s TAGS (1) VALUES (${String(Date.now() - days * 86_400_000)}, 1)`, '/rest/sql/short');
    expect([(await insert(9))['code'], (await insert(11))['code']]).toEqual([0, 0x060b]);
  });

  it('accepts Basic and the Taosd token of a login; answers 401 for no header or a Bearer token, 200 with a code for a wrong password', async () => {
    const at = `http://127.0.0.1:${String(standIn.port)}/rest/login/root/taosdata`;
    const { desc } = (await (await fetch(at)).json()) as { desc: string };
    const status = async (authorization: string | null): Promise<[number, unknown]> => {
      const response = await post('SELECT 1', '/rest/sql', authorization);
      return [response.status, ((await response.json()) as { code: number }).code];
    };
    expect(await status(`Taosd ${desc}`)).toEqual([200, 0]);
    expect(await status('Bearer token-1')).toEqual([401, 0x1122]);
    expect(await status(`Basic ${Buffer.from('root:wrong').toString('base64')}`)).toEqual([200, 0x0357]);
    expect(await status(null)).toEqual([401, 0x1105]);
    expect(await status('Digest x')).toEqual([401, 0x1122]);
  });

  it('takes tz, row_with_meta, timing and req_id, ignores conn_tz, and refuses wrong values with 400', async () => {
    const path = '/rest/sql/t?tz=Asia/Shanghai&conn_tz=UTC&row_with_meta=true&timing=true&req_id=7';
    expect(await ask('SELECT ts FROM b_2', path)).toEqual({
      code: 0,
      column_meta: [['ts', 'TIMESTAMP', 8]],
      data: [{ ts: '1970-01-01T08:00:01.500+08:00' }],
      rows: 1,
      timing: expect.any(Number),
    });
    for (const query of ['tz=Nowhere/Land', 'row_with_meta=maybe', 'req_id=x']) {
      expect((await post('SELECT 1', `/rest/sql?${query}`)).status).toBe(400);
    }
    expect((await post(' ', '/rest/sql')).status).toBe(400);
  });

  it('fails on demand', async () => {
    standIn.fault({ kind: 'error', code: 0x0b, desc: 'Unable to establish connection' });
    expect(await code('SELECT 1')).toBe(0x0b);
    standIn.fault({ kind: 'unavailable' });
    const busy = await post('SELECT 1');
    expect([busy.status, await busy.json()]).toEqual([503, 'memory exceeds threshold']);
    standIn.fault({ kind: 'broken' });
    await expect(post('SELECT * FROM bars').then((response) => response.text())).rejects.toThrow();
    standIn.fault({ kind: 'reset' });
    await expect(post('SELECT 1')).rejects.toThrow();
  });

  it('comes back on the same port with its data', async () => {
    const { port } = standIn;
    await standIn.restart();
    expect(standIn.port).toBe(port);
    // The client of this test may not have noticed yet that its connections are gone.
    const count = await waitFor(() => rows('SELECT COUNT(*) FROM bars'), { timeoutMs: 5_000 });
    expect(count).toEqual([[3]]);
  });
});
