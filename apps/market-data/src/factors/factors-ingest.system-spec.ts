import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { IngestRequest } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { callerWith, openUploads } from '../../test/open-uploads.js';

const HEADER = 'code,exchange,ex_date,factor';
let ingest: Ingest;

beforeAll(async () => {
  ingest = await openIngest();
  await ingest.lists.ingest(request('code,exchange,name', '601318,SSE,Ping An\n600519,SSE,Moutai\n'));
}, 60_000);
afterAll(() => ingest.stop());
beforeEach(async () => {
  await ingest.pool.write((client) => client.query('DELETE FROM market_data.factors'));
  ingest.bus.published.length = 0;
});

const block = (lines: readonly string[], more: Partial<IngestRequest> = {}): IngestRequest =>
  request(HEADER, `${lines.join('\n')}\n`, more);
const stored = (): Promise<Record<string, unknown>[]> =>
  ingest.rows(`SELECT symbol, ex_date::text AS day, factor::text FROM market_data.factors
    JOIN market_data.instruments ON id = instrument_id ORDER BY symbol, ex_date`);
const told = (): unknown[] =>
  ingest.bus.published.filter(({ subject }) => subject.includes('factors.changed')).map(({ payload }) => payload);

describe('factors by ex-date', () => {
  const lines = ['601318,SSE,2024-06-19,2', '600519,SSE,2024-06-19,3.1', '601318,SSE,2024-07-19,2.2'];

  it('factors by ex-date are stored once, and an event is published for each symbol that changed', async () => {
    const report = await ingest.factors.ingest(block(lines));
    expect(report).toMatchObject({ total: 3, inserted: 3, updated: 0, unchanged: 0, failed: 0 });
    const { lsn } = report;
    expect(told()).toEqual([
      { symbol: '601318.SH', lsn },
      { symbol: '600519.SH', lsn },
    ]);
    ingest.bus.published.length = 0;
    expect(await ingest.factors.ingest(block(lines))).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
    expect(told()).toEqual([]);
    const changed = ['601318,SSE,2024-06-19,2.5', ...lines.slice(1)];
    expect(await ingest.factors.ingest(block(changed))).toMatchObject({ inserted: 0, updated: 1, unchanged: 2 });
    expect(told()).toMatchObject([{ symbol: '601318.SH' }]);
    expect(await stored()).toEqual([
      { symbol: '600519.SH', day: '2024-06-19', factor: '3.1' },
      { symbol: '601318.SH', day: '2024-06-19', factor: '2.5' },
      { symbol: '601318.SH', day: '2024-07-19', factor: '2.2' },
    ]);
  });

  it('factors by ex-date are stored with the last of several lines about one day, and the report lists the others', async () => {
    const report = await ingest.factors.ingest(block(['601318,SSE,2024-06-19,2', '601318,SSE,2024-06-19,3']));
    expect(report).toMatchObject({ inserted: 1, unchanged: 1, superseded: { count: 1, lines: [{ line: 2, by: 3 }] } });
    expect(await stored()).toMatchObject([{ factor: '3' }]);
  });

  it('factors by ex-date are refused by line, and not stored at all where one refusal is to stop the rest', async () => {
    const mixed = [...lines, '601318,SSE,2024-02-30,1'];
    const report = await ingest.factors.ingest(block(mixed, { on_error: 'abort', want_items: true }));
    expect(report).toMatchObject({ failed: 4, items: [{}, {}, {}, { line: 5, status: 400, code: 1204 }] });
    expect(await stored()).toEqual([]);
    expect(await ingest.factors.ingest(block(mixed))).toMatchObject({ inserted: 3, failed: 1, items: [{ line: 5 }] });
  });

  it('factors by ex-date are stored once under a key, and the report is given again', async () => {
    const keyed = block(lines, { idempotency_key: 'factors-1' });
    expect(await ingest.factors.ingest(keyed, 'desk')).toMatchObject({ inserted: 3 });
    expect(await ingest.factors.ingest(keyed, 'desk')).toMatchObject({ inserted: 3, replayed: true });
    const other = block(lines.slice(1), { idempotency_key: 'factors-1' });
    await expect(ingest.factors.ingest(other, 'desk')).rejects.toMatchObject({ problem: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each(['continue', 'abort'] as const)(
    'factors by ex-date are stored from an uploaded file, on_error=%s',
    async (on_error) => {
      const { uploads, worker, send } = openUploads(ingest);
      const owner = callerWith('feed');
      const texts = [`${lines.join('\n')}\n`, '601318,SSE,2024-06-19,4\n'];
      const { id } = await send(owner, texts, { kind: 'factors', register: false, on_error }, HEADER);
      worker.onApplicationBootstrap();
      const ended = async (): Promise<unknown> => (await uploads.get(id, owner)).result;
      await waitFor(async () => (await ended()) !== undefined, { timeoutMs: 20_000 });
      await worker.onModuleDestroy();
      expect(await uploads.get(id, owner)).toMatchObject({
        status: 'succeeded',
        result: { summary: { total: 4, failed: 0 } },
      });
      expect(await stored()).toMatchObject([{}, { symbol: '601318.SH', factor: '4' }, {}]);
      expect(told()).toContainEqual(expect.objectContaining({ symbol: '600519.SH' }));
    },
  );
});
