import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv } from './requests.js';
import { ended, fileOf, HEADER, poisonIn, reportedLines, storedRows, upload } from './uploads-help.js';

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const rowsStored = (): Promise<number> => storedRows(system);
const rowsOf = (code: string): Promise<number> =>
  storedRows(system, `instrument_id = (SELECT id FROM market_data.instruments WHERE code = '${code}')`);

describe('an uploaded file', () => {
  it('an uploaded file is an operation: here at once, stored soon, and its refused lines are reported by number', async () => {
    const reply = await upload(system, gzipSync(fileOf(20_000, 100)), 'register=true', { name: 'bars.csv.gz' });
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ kind: 'bars', result: null, problem: null });
    const operation = await ended(system, reply.headers.get('location'));
    expect(operation).toMatchObject({ status: 'partial', problem: null });
    expect(operation.progress.lines).toEqual({ done: 20_000, total: 20_000 });
    expect(operation.result?.summary).toMatchObject({ total: 20_000, succeeded: 19_800, failed: 200 });
    expect(await reportedLines(system, operation)).toEqual(poisonIn(20_000, 100));
    expect(await rowsStored()).toBe(19_800);
  });

  it('an uploaded file with on_error=abort is stored whole or not at all', async () => {
    const before = await rowsStored();
    const bad = await upload(system, fileOf(30_000, 7_000), 'register=true&on_error=abort');
    const refused = await ended(system, bad.headers.get('location'));
    expect(refused).toMatchObject({
      status: 'failed',
      problem: { status: 422 },
      result: { summary: { succeeded: 0 } },
    });
    expect(await reportedLines(system, refused)).toEqual(poisonIn(30_000, 7_000));
    expect(await rowsStored()).toBe(before);
    const good = await upload(system, fileOf(30_000), 'register=true&on_error=abort');
    const stored = await ended(system, good.headers.get('location'));
    expect(stored).toMatchObject({
      status: 'succeeded',
      result: { summary: { total: 30_000, inserted: 10_200, unchanged: 19_800 } },
    });
    expect(await rowsStored()).toBe(30_000);
  });

  it('sent again under its Idempotency-Key is the same operation; another file under it is refused', async () => {
    const headers = { 'idempotency-key': 'the-file-of-monday' };
    const first = await upload(system, fileOf(2_000), '', { headers });
    const again = await upload(system, fileOf(2_000), '', { headers });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await upload(system, fileOf(2_001), '', { headers });
    expect([other.status, (other.body as { code: number }).code]).toEqual([422, 1008]);
  });
});

describe('a stream of POST /batch with on_error=abort', () => {
  it('a stream of POST /batch with on_error=abort is stored whole or not at all, and answered like every batch', async () => {
    const line = (close: string): string =>
      `600999,SSE,2021-03-01,10,11,9,${close},100\n600999,SSE,2021-03-02,10,11,9,10,100\n`;
    const path = '/api/v2/batch/bars?register=true&on_error=abort';
    const bad = await postCsv(system.url, path, HEADER + line('-1'), system.adminToken);
    expect(bad.status).toBe(422);
    expect(bad.body).toMatchObject({
      errors: true,
      summary: { total: 2, succeeded: 0, failed: 2 },
      items: [{ index: 0, line: 2, status: 422 }],
    });
    expect(await rowsOf('600999')).toBe(0);
    const good = await postCsv(system.url, path, HEADER + line('10.5'), system.adminToken);
    expect([good.status, (good.body as { summary: object }).summary]).toEqual([
      200,
      { total: 2, succeeded: 2, failed: 0, inserted: 2, updated: 0, unchanged: 0 },
    ]);
    const read = await get(
      system.url,
      '/api/v2/stocks/600999.SH/bars?start=2021-03-01&end=2021-03-02',
      system.adminToken,
      {
        'x-read-after': good.headers.get('x-read-after') ?? '',
      },
    );
    expect((read.body as { bars: unknown[] }).bars).toHaveLength(2);
  });
});
