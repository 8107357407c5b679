import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { tradingDays } from '@mystocks/calendar';
import { PostgresPool } from '@mystocks/connection-pool';
import { importFile } from '../../tools/import/send.js';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv } from './requests.js';
import { ended, upload } from './uploads-help.js';

const TWICE = 60;
const days = tradingDays('2010-01-04', '2022-12-30');
/** The first trading day of a month of 2021. */
const firstOf = (month: string): string => days.find((day) => day.startsWith(`2021-${month}`)) ?? '';

let system: System;
let nats: NatsConnection;
let database: PostgresPool;
let folder: string;
/** Subjects of the events of changed bars. */
const events: string[] = [];
beforeAll(async () => {
  system = await startSystem();
  await system.another('market-data');
  const url = system.postgres.superuserUrl;
  database = new PostgresPool({ name: 'spec', url, size: 1, overflow: 0, statementTimeoutMs: 10_000 });
  nats = await connect({ servers: system.nats.url, token: system.natsToken });
  nats.subscribe('evt.market-data.bars.changed.v1.>', { callback: (_, { subject }) => void events.push(subject) });
  folder = await mkdtemp(join(tmpdir(), 'one-order-'));
}, 60_000);
afterAll(async () => {
  await nats.close();
  await database.close();
  await system.stop();
  await rm(folder, { recursive: true });
}, 30_000);

/**
 * Bars stand twice, 11,000 lines apart in the middle of the file: the first time with close 10, then with close 50. Every
 * second one has no amount the second time, so that it keeps the amount of the first line, which is another in each file.
 */
function duplicateLines(amount: number): string {
  const lines = ['code,exchange,date,open,high,low,close,volume,amount'];
  const fill = (from: number, to: number): void => {
    for (let n = from; n < to; n += 1) {
      const day = days[n % 3_000] ?? '';
      const code = 609_400 + Math.floor(n / 3_000);
      lines.push(`${String(code)},SSE,${day},10.1234,10.5678,9.8765,10.4321,123456789,1234567890.12`);
    }
  };
  const put = (v: number, amountOf: (n: number) => string): void => {
    for (let n = 0; n < TWICE; n += 1) {
      const [code, month] = [609_500 + n, String(1 + (n % 12)).padStart(2, '0')];
      lines.push(`${String(code)},SSE,${firstOf(month)},${`${String(v)},`.repeat(4)}${String(100 * v)},${amountOf(n)}`);
    }
  };
  fill(0, 35_000);
  put(10, () => String(amount));
  fill(35_000, 46_000);
  put(50, (n) => (n % 2 === 0 ? '' : '50000'));
  fill(46_000, 66_000);
  return `${lines.join('\n')}\n`;
}

// The first of them is line 35,002: the header is line 1.
const superseded = {
  count: TWICE,
  lines: Array.from({ length: TWICE }, (_, n) => ({ line: 35_002 + n, by: 35_002 + n + 11_000 + TWICE })),
};

async function standing(): Promise<[number, number][]> {
  const symbols = Array.from({ length: TWICE }, (_, n) => `${String(609_500 + n)}.SH`).join(',');
  const { body } = await get(
    system.url,
    `/api/v2/stocks/bars?symbols=${symbols}&start=2021-01-01&end=2021-12-31`,
    system.adminToken,
  );
  return Object.values((body as { bars: Record<string, { c: number; amt: number }[]> }).bars).flatMap((bars) =>
    bars.map(({ c, amt }): [number, number] => [c, amt]),
  );
}

const expected = (amount: number): [number, number][] =>
  Array.from({ length: TWICE }, (_, n) => [50, n % 2 === 0 ? amount : 50_000]);

describe('a file in which bars stand twice, far apart', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'ends with the last line of each as a batch of %i blocks at once',
    async (atOnce) => {
      const { status, body } = await postCsv(
        system.url,
        `/api/v2/batch/bars?register=true&concurrency=${String(atOnce)}`,
        duplicateLines(10_000 + atOnce),
        system.adminToken,
      );
      expect(status).toBe(200);
      expect(body).toMatchObject({ summary: { total: 66_120, succeeded: 66_120, failed: 0 }, superseded });
      expect(await standing()).toEqual(expected(10_000 + atOnce));
    },
  );

  it.each([1, 4, 8])('ends with the last line of each as an upload of %i blocks at once', async (atOnce) => {
    const sent = await upload(system, duplicateLines(11_000 + atOnce), `register=true&concurrency=${String(atOnce)}`);
    const operation = await ended(system, sent.headers.get('location'));
    expect(operation).toMatchObject({ status: 'succeeded', result: { summary: { total: 66_120 }, superseded } });
    expect(await standing()).toEqual(expected(11_000 + atOnce));
  });

  it('ends with the last line of each when it is stored whole or not at all', async () => {
    const sent = await upload(system, duplicateLines(12_000), 'register=true&on_error=abort');
    const operation = await ended(system, sent.headers.get('location'));
    expect(operation).toMatchObject({ status: 'succeeded', result: { summary: { total: 66_120 }, superseded } });
    expect(await standing()).toEqual(expected(12_000));
  });
});

describe('a file in which bars stand twice, sent again', () => {
  const AMOUNT = 13_000;
  const file = duplicateLines(AMOUNT);

  /** What tells that a row of the bars that stand twice was written, even if it was written back. */
  async function rowVersions(): Promise<string> {
    const text = `SELECT string_agg(concat_ws(' ', b.tableoid, b.xmin, b.ctid), ',' ORDER BY i.symbol) AS versions
      FROM market_data.bars_daily b JOIN market_data.instruments i ON i.id = b.instrument_id WHERE i.symbol LIKE '6095%'`;
    return (await database.query<{ versions: string }>({ text })).rows[0]?.versions ?? '';
  }
  const batch = async (csv: string, atOnce: number): Promise<unknown> =>
    (await postCsv(system.url, `/api/v2/batch/bars?concurrency=${String(atOnce)}`, csv, system.adminToken)).body;
  const uploaded = async (query: string): Promise<unknown> =>
    (await ended(system, (await upload(system, file, query)).headers.get('location'))).result;
  const imported = async (): Promise<unknown> => {
    const path = join(folder, 'bars.csv');
    await writeFile(path, file);
    return (await importFile(path, { url: system.url, token: system.adminToken })).answer;
  };

  beforeAll(async () => {
    await batch(file, 4);
    await nats.flush();
  }, 30_000);

  it.each<[string, () => Promise<unknown>]>([
    ['by the import tool', imported],
    ['as a batch of 1 block at once', () => batch(file, 1)],
    ['as a batch of 8 blocks at once', () => batch(file, 8)],
    ['as an upload', () => uploaded('concurrency=4')],
    ['as an upload that is stored whole or not at all', () => uploaded('on_error=abort')],
  ])('changes nothing %s, not even for a moment', async (_, send) => {
    const before = await rowVersions();
    events.length = 0;
    const summary = { total: 66_120, succeeded: 66_120, failed: 0, inserted: 0, updated: 0, unchanged: 66_120 };
    expect(await send()).toMatchObject({ summary, superseded });
    expect(await rowVersions()).toBe(before);
    await nats.flush();
    expect(events).toEqual([]);
    expect(await standing()).toEqual(expected(AMOUNT));
  });

  it('stores the earlier lines when the later ones are gone', async () => {
    const lines = file.split('\n');
    const upper = `${lines.slice(0, 45_000).join('\n')}\n`;
    events.length = 0;
    expect(await batch(upper, 4)).toMatchObject({ summary: { inserted: 0, updated: TWICE, unchanged: 44_939 } });
    expect(await standing()).toEqual(Array.from({ length: TWICE }, () => [10, AMOUNT]));
    await nats.flush();
    expect(new Set(events).size).toBe(TWICE);
    expect(await batch(file, 4)).toMatchObject({ summary: { inserted: 0, updated: TWICE, unchanged: 66_060 } });
    expect(await standing()).toEqual(expected(AMOUNT));
  });
});
