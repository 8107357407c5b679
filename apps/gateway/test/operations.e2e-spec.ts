import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getOperation, readReport } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';
import { CSV, ID, operation, playUploads, result, summary, type Asked } from './uploads-fake.js';

let gateway: Gateway;
let opened: Asked['opened'];
let dropped: Asked['dropped'];
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  ({ opened, dropped } = playUploads(gateway));
});

describe('an operation', () => {
  it('shows how the file was read, what was rounded, which lines were replaced and what looks odd', async () => {
    const superseded = { count: 1, lines: [{ line: 2, by: 3 }] };
    const warnings = [{ kind: 'lots', count: 1, lines: [2], message: 'volumes look like lots' }];
    const remarks = { dialect: 'tushare', rounded: 3, superseded, warnings } as const;
    gateway.bus.answer(getOperation, () => operation({ status: 'succeeded', result: { ...result, ...remarks } }));
    const shown = await gateway.get(`/api/v2/operations/${ID}`, { token: gateway.token('operator') });
    expect(await shown.json()).toMatchObject({ result: { format: 'tushare', rounded: 3, superseded, warnings } });
  });

  it('shows result, problem and the position of its writes once it has ended', async () => {
    const problem = { code: 'unprocessable', message: 'Nothing was stored' } as const;
    gateway.bus.answer(getOperation, () => operation({ status: 'failed', result, problem }));
    const response = await gateway.get(`/api/v2/operations/${ID}`, { token: gateway.token('feed') });
    expect(response.headers.get('x-read-after')).toBe('0/16B3748');
    expect(await response.json()).toMatchObject({
      result: { summary, report: { href: `/api/v2/operations/${ID}/report`, lines: 1, truncated: false } },
      problem: { status: 422, code: 1001, detail: 'Nothing was stored', instance: `/api/v2/operations/${ID}` },
    });
    expect((await gateway.get('/api/v2/operations/17', { token: gateway.token('feed') })).status).toBe(400);
  });

  it('an operation has a report, read page by page, in which no cell is a formula', async () => {
    const lines = Array.from({ length: 1_001 }, (_, n) => ({
      line: n + 2,
      id: n === 0 ? '=1+1' : 'a "b"',
      status: 422,
      code: 1001,
      message: 'bad',
    }));
    gateway.bus.answer(readReport, ({ after_line }) => ({
      lines: lines.filter(({ line }) => line > after_line).slice(0, 1_000),
    }));
    const response = await gateway.get(`/api/v2/operations/${ID}/report`, { token: gateway.token('operator') });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const rows = (await response.text()).trimEnd().split('\r\n');
    expect(rows.slice(0, 3)).toEqual(['line,id,code,message', `2,"'=1+1",1001,"bad"`, '3,"a ""b""",1001,"bad"']);
    expect(rows.length).toBe(1_002);
  });

  it('an operation is ended with DELETE', async () => {
    const response = await gateway.get(`/api/v2/operations/${ID}`, { method: 'DELETE', token: gateway.token('admin') });
    expect([response.status, dropped]).toEqual([202, [ID]]);
  });
});

describe('a stream of POST /batch with on_error=abort', () => {
  const send = (): Promise<Response> =>
    gateway.get('/api/v2/batch/bars?on_error=abort', {
      method: 'POST',
      body: CSV,
      headers: { 'content-type': 'text/csv' },
      token: gateway.token('operator'),
    });

  it('a stream of POST /batch with on_error=abort is staged as a whole and answered like a batch', async () => {
    const failed = { ...summary, succeeded: 0, failed: 3, inserted: 0 };
    const problem = { code: 'unprocessable', message: 'Nothing was stored' } as const;
    gateway.bus
      .answer(getOperation, () => operation({ status: 'failed', result: { ...result, summary: failed }, problem }))
      .answer(readReport, () => ({ lines: [{ line: 3, id: 'x', status: 422, code: 1001, message: 'bad' }] }));
    const response = await send();
    expect(response.status).toBe(422);
    expect(opened).toMatchObject([{ kind: 'bars', on_error: 'abort', format: 'csv' }]);
    expect(await response.json()).toMatchObject({
      errors: true,
      summary: failed,
      items: [{ index: 1, line: 3, status: 422, error: { code: 1001, message: 'bad' } }],
    });
  });

  it('a stream of POST /batch with on_error=abort that takes longer than the request may wait is told as an operation', async () => {
    gateway.bus.answer(getOperation, () => operation({ status: 'running' }));
    const response = await gateway.get('/api/v2/batch/bars?on_error=abort', {
      method: 'POST',
      body: CSV,
      headers: { 'content-type': 'text/csv', 'x-deadline-ms': '800' },
      token: gateway.token('operator'),
    });
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toMatch(/^\/api\/v2\/operations\//);
  });
});
