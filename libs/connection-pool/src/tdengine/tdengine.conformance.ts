import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fixedNames, joinSql, literal, sql, type Sql } from './literal.js';
import type { TdengineValue } from './tdengine-answer.js';
import { TdengineError } from './tdengine-errors.js';
import { TdenginePool } from './tdengine.pool.js';

const hostile = [
  `O'Neil & Sons; <b>`,
  `'); DROP DATABASE mystocks; --`,
  `' OR '1'='1`,
  String.raw`\'; DELETE FROM t; --`,
  '\\',
  '"`\\"',
  '100%_\\%\\_',
  '\\x41\\n',
  'line\r\n\tend',
  '/* */ -- #',
  'NULL',
  'null',
  '',
  ' padded ',
  '贵州茅台 \u{1f600}',
];

/** What the system takes for granted of TDengine behind taosAdapter: run against the stand-in and against a real one. */
export function itIsTdengine(name: string, urlOf: () => string): void {
  describe(`${name} behaves as TDengine`, () => {
    const database = `conformance_${randomBytes(6).toString('hex')}`;
    const databaseName = fixedNames(database)(database);
    const stable = sql`t`;
    let pool: TdenginePool;

    const open = (url: string): TdenginePool => {
      const limits = { size: 4, overflow: 4, acquireTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
      return new TdenginePool({ name: `conformance-${name}`, url, database, ...limits });
    };
    const rows = async (statement: Sql): Promise<readonly (readonly TdengineValue[])[]> =>
      (await pool.query(statement)).rows;
    const codeOf = async (statement: Sql): Promise<number | undefined> => {
      const failure: unknown = await pool.query(statement).catch((error: unknown) => error);
      const { cause } = failure as Error;
      return cause instanceof TdengineError ? cause.code : undefined;
    };

    beforeAll(async () => {
      pool = open(urlOf());
      for (let again = 0; again < 2; again += 1) {
        await pool.query(sql`CREATE DATABASE IF NOT EXISTS ${databaseName} VGROUPS 2 PRECISION 'ms' KEEP 36500`);
        await pool.query(sql`CREATE STABLE IF NOT EXISTS ${stable}
          (ts TIMESTAMP, price DOUBLE, volume BIGINT, kind TINYINT, flag BOOL, note NCHAR(64), seen TIMESTAMP)
          TAGS (symbol VARCHAR(64), exchange VARCHAR(8))`);
      }
    });
    afterAll(async () => {
      await pool.query(sql`DROP DATABASE IF EXISTS ${databaseName}`);
      await pool.close();
    });
    beforeEach(async () => {
      await pool.query(sql`DELETE FROM ${stable}`);
      const written = await pool.query(sql`INSERT INTO
        c1 USING ${stable} TAGS ('600519', 'SSE') VALUES (1000, 1410.5, 9007199254740993, 1, true, 'a', 5) (2000, 2, -2, NULL, false, NULL, NULL)
        c2 USING ${stable} TAGS ('000001', 'SZSE') (ts, price) VALUES (1500, 3.25)`);
      expect(written.affected).toBe(3);
    });

    it('returns written values to the last digit', async () => {
      expect(await pool.query(sql`SELECT * FROM c1 ORDER BY ts`)).toEqual({
        columns: ['ts', 'price', 'volume', 'kind', 'flag', 'note', 'seen'],
        rows: [
          [1000, 1410.5, 9007199254740993n, 1, true, 'a', 5],
          [2000, 2, -2n, null, false, null, null],
        ],
        affected: null,
      });
    });

    it('stores one row for a child table and time, and keeps columns that a second write does not name', async () => {
      await pool.query(sql`INSERT INTO c1 (ts, price) VALUES (1000, 7)`);
      expect(await rows(sql`SELECT ts, price, volume FROM c1 ORDER BY ts LIMIT 1`)).toEqual([
        [1000, 7, 9007199254740993n],
      ]);
      expect(await rows(sql`SELECT COUNT(*) FROM c1`)).toEqual([[2n]]);
    });

    it('keeps the tags of a child table from its creation', async () => {
      await pool.query(sql`INSERT INTO c1 USING ${stable} TAGS ('999999', 'X') (ts, price) VALUES (3000, 1)`);
      expect(await rows(sql`SELECT symbol FROM ${stable} WHERE ts = 3000`)).toEqual([['600519']]);
    });

    it('answers an empty result with columns and no rows', async () => {
      const absent = await pool.query(sql`SELECT ts, price FROM ${stable} WHERE symbol = 'absent'`);
      expect(absent).toEqual({ columns: ['ts', 'price'], rows: [], affected: null });
    });

    it('selects by tag and time, orders, limits and counts', async () => {
      const within = sql`symbol IN ('600519', '000001') AND ts >= 1000 AND ts < 2000`;
      expect(await rows(sql`SELECT ts, exchange FROM ${stable} WHERE ${within} ORDER BY ts`)).toEqual([
        [1000, 'SSE'],
        [1500, 'SZSE'],
      ]);
      expect(await rows(sql`SELECT ts FROM ${stable} ORDER BY ts DESC LIMIT 1 OFFSET 1`)).toEqual([[1500]]);
      expect(
        await rows(sql`SELECT COUNT(*) FROM ${stable} WHERE price IS NOT NULL AND ts != 1500 AND ts != 2000`),
      ).toEqual([[1n]]);
    });

    it('finds the last row of each child table', async () => {
      const last = await rows(
        sql`SELECT symbol, LAST_ROW(ts) AS ts, LAST_ROW(volume) AS volume FROM ${stable} PARTITION BY symbol ORDER BY symbol`,
      );
      expect(last).toEqual([
        ['000001', 1500, null],
        ['600519', 2000, -2n],
      ]);
    });

    it('deletes by time', async () => {
      await pool.query(sql`DELETE FROM c1 WHERE ts < 2000`);
      expect(await rows(sql`SELECT ts FROM c1`)).toEqual([[2000]]);
    });

    it('creates child tables that expire, groups by tags, and deletes by tags and time only', async () => {
      await pool.query(sql`INSERT INTO c3 USING ${stable} TAGS ('600000', 'SSE') TTL 3 (ts, volume, note)
        VALUES (1000, 5, 'some') (3000, 4, 'other')`);
      const groups = sql`SELECT symbol, LAST_ROW(volume) AS volume, exchange, LAST_ROW(note) AS note FROM ${stable}
        WHERE exchange = 'SSE' PARTITION BY symbol, exchange`;
      const newest = await rows(groups);
      expect(newest.toSorted()).toEqual([
        ['600000', 4n, 'SSE', 'other'],
        ['600519', -2n, 'SSE', null],
      ]);
      expect(await rows(sql`SELECT ts FROM ${stable} WHERE note LIKE '%om%' OR note LIKE 'o_her' ORDER BY ts`)).toEqual(
        [[1000], [3000]],
      );
      await pool.query(sql`DELETE FROM ${stable} WHERE symbol IN ('600000', 'absent') AND ts < 3000`);
      expect(await rows(sql`SELECT ts FROM c3`)).toEqual([[3000]]);
      expect(await codeOf(sql`DELETE FROM ${stable} WHERE volume = 4`)).toBe(0x2655);
    });

    it('stores and finds hostile texts unchanged without a side effect', async () => {
      const values = hostile.map((text, place) => sql`(${literal.timestamp(10_000 + place)}, ${literal.text(text)})`);
      await pool.query(sql`INSERT INTO c1 (ts, note) VALUES ${joinSql(values, ' ')}`);
      const stored = await rows(sql`SELECT note FROM c1 WHERE ts >= 10000 ORDER BY ts`);
      expect(stored.map(([note]) => note)).toEqual(hostile);
      for (const [place, text] of hostile.entries()) {
        const child = fixedNames(`h${String(place)}`)(`h${String(place)}`);
        await pool.query(
          sql`INSERT INTO ${child} USING ${stable} TAGS (${literal.text(text)}, 'X') (ts, price) VALUES (1, 1)`,
        );
        expect(
          await rows(sql`SELECT symbol FROM ${stable} WHERE tbname = ${literal.text(`h${String(place)}`)}`),
        ).toEqual([[text]]);
      }
      expect(await rows(sql`SELECT COUNT(*) FROM ${stable} WHERE ts < 10000 AND exchange != 'X'`)).toEqual([[3n]]);
    });

    it('refuses invalid statements with a code and keeps the connection usable', async () => {
      expect(await codeOf(sql`SELEC 1`)).toBe(0x2600);
      expect([0x2603, 0x2662]).toContain(await codeOf(sql`SELECT * FROM nowhere`));
      expect(await codeOf(sql`INSERT INTO c1 (ts, note) VALUES (1, ${literal.text('x'.repeat(65))})`)).toBe(0x2610);
      expect(await codeOf(sql`INSERT INTO c1 (ts) VALUES (-3155760000001)`)).toBe(0x060b);
      await expect(pool.query(sql`SELEC 1`)).rejects.toMatchObject({ code: 'internal', message: 'Internal error' });
      expect(await rows(sql`SELECT 1`)).toEqual([[1n]]);
    });

    it('accepts a statement of nearly 1 MB', async () => {
      const values = Array.from(
        { length: 40_000 },
        (_, place) => sql`(${literal.timestamp(20_000 + place)},${literal.integer(2n ** 50n)})`,
      );
      const statement = sql`INSERT INTO c1 (ts, volume) VALUES ${joinSql(values, '')}`;
      expect([statement.text.length > 900_000, statement.text.length < 1_048_576]).toEqual([true, true]);
      expect((await pool.query(statement)).affected).toBe(40_000);
    });

    it('reports that it is available', async () => {
      await expect(pool.check().probe()).resolves.toBeUndefined();
    });

    it('refuses a wrong password', async () => {
      const url = new URL(urlOf());
      url.password = 'wrong-1A';
      const withWrongPassword = open(url.href);
      await expect(withWrongPassword.query(sql`SELECT 1`)).rejects.toMatchObject({
        code: 'internal',
        cause: { code: 0x0357 },
      });
      await withWrongPassword.close();
    });
  });
}
