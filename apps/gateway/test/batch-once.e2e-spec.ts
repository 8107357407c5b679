import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Failure,
  ingestBars,
  ingestFactors,
  ingestInstruments,
  recordQuotes,
  warmAnswers,
  type IngestReport,
  type WarmAnswersRequest,
} from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const seen = new Map<string, IngestReport>();
/** Each block is stored once under its key and first line, as market-data does it. */
function once(request: { readonly idempotency_key?: string; readonly first_line?: number }): IngestReport {
  const place = `${request.idempotency_key ?? ''} ${request.first_line ?? 1}`;
  const before = seen.get(place);
  if (before !== undefined) return { ...before, replayed: true, lsn: '0/9' };
  const items = [{ line: request.first_line ?? 1, id: 'x', status: 201 }];
  const counts = { total: 1, inserted: 1, updated: 0, unchanged: 0, failed: 0 };
  const report = { ...counts, items, ignored_columns: [], registered: [], took_ms: seen.size + 3, lsn: '0/1' };
  if (request.idempotency_key !== undefined) seen.set(place, report);
  return report;
}
beforeEach(() => {
  seen.clear();
  gateway.bus
    .answer(ingestBars, once)
    .answer(ingestFactors, once)
    .answer(ingestInstruments, once)
    .answer(recordQuotes, once);
});

const quote = { symbol: '600519.SH', t: '2024-06-14T09:31:00+08:00', last: 1.5 };
const item = '{"code":"600519"}';
const writes: readonly (readonly [what: string, path: string, body: string, type: string])[] = [
  ['bars as JSON', '/api/v2/batch/bars', `{"items":[${item}]}`, 'application/json'],
  ['bars as lines', '/api/v2/batch/bars', `${item}\n`, 'application/x-ndjson'],
  ['bars as CSV', '/api/v2/batch/bars', 'code\n600519\n', 'text/csv'],
  ['symbols', '/api/v2/batch/symbols', `{"items":[${item}]}`, 'application/json'],
  ['factors as JSON', '/api/v2/batch/factors', `{"items":[${item}]}`, 'application/json'],
  ['factors as CSV', '/api/v2/batch/factors', 'code\n600519\n', 'text/csv'],
  ['one quote', '/api/v2/quotes', JSON.stringify(quote), 'application/json'],
  ['many quotes', '/api/v2/quotes', JSON.stringify({ quotes: [quote, null] }), 'application/json'],
];
const post = (path: string, body: string, type: string, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.get(path, {
    method: 'POST',
    body,
    headers: { 'content-type': type, ...headers },
    token: gateway.token('admin'),
  });

describe.each(writes)('%s with an Idempotency-Key', (_what, path, body, type) => {
  it('answers them the same way the second time, with a header that says so', async () => {
    const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
    const first = await post(path, body, type, key);
    const second = await post(path, body, type, key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([200, null]);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('x-read-after')).toBe('0/9');
  });

  it.each(['', ' ', 'two words', 'é', 'k'.repeat(201)])('refuses them when it is %j', async (key) => {
    gateway.bus.called.length = 0;
    const response = await post(path, body, type, { 'idempotency-key': key });
    expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([400, 1001]);
    expect(gateway.bus.called).toEqual([]);
  });

  it.each(['unprocessable', 'conflict'] as const)('passes on that the owner finds it %s', async (code) => {
    const refuse = (): never => {
      const later = code === 'conflict' ? { retryAfterS: 2 } : {};
      throw new Failure(code, 'no', { problem: 'IDEMPOTENCY_CONFLICT', ...later });
    };
    gateway.bus.answer(ingestBars, refuse).answer(ingestFactors, refuse);
    gateway.bus.answer(ingestInstruments, refuse).answer(recordQuotes, refuse);
    const response = await post(path, body, type, { 'idempotency-key': 'key' });
    expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([
      code === 'conflict' ? 409 : 422,
      1008,
    ]);
    expect(response.headers.get('retry-after')).toBe(code === 'conflict' ? '2' : null);
  });
});

describe('a stream of many blocks with an Idempotency-Key', () => {
  const lines = `${JSON.stringify({ x: 'y'.repeat(100) })}\n`.repeat(20_000);

  it('a stream of many blocks with an Idempotency-Key is replayed only when all of its blocks were', async () => {
    const key = { 'idempotency-key': 'stream' };
    const type = 'application/x-ndjson';
    await post('/api/v2/batch/bars', lines, type, key);
    expect(seen.size).toBeGreaterThan(3);
    const lost = [...seen.keys()].at(-1) ?? '';
    seen.delete(lost);
    const partly = await post('/api/v2/batch/bars', lines, type, key);
    const wholly = await post('/api/v2/batch/bars', lines, type, key);
    expect(partly.headers.get('idempotency-replayed')).toBeNull();
    expect(wholly.headers.get('idempotency-replayed')).toBe('true');
    expect(await wholly.text()).toBe(await partly.text());
  });

  it('sends its first block alone, so that a key of another file is refused before anything is stored', async () => {
    let calls = 0;
    gateway.bus.answer(ingestBars, async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Failure('unprocessable', 'another request', { problem: 'IDEMPOTENCY_CONFLICT' });
    });
    const response = await post('/api/v2/batch/bars?concurrency=8', lines, 'application/x-ndjson', {
      'idempotency-key': 'other',
    });
    expect([response.status, calls]).toEqual([422, 1]);
  });
});

describe('the documents', () => {
  it('the documents tell of the header wherever it is honoured', async () => {
    const document = (await (await gateway.get('/api/v2/openapi.json')).json()) as {
      paths: Record<string, Record<string, { parameters: { name: string; in: string; required: boolean }[] }>>;
    };
    for (const path of ['/api/v2/batch/bars', '/api/v2/batch/symbols', '/api/v2/quotes']) {
      const header = document.paths[path]?.['post']?.parameters.find(({ name }) => name === 'Idempotency-Key');
      expect(header).toMatchObject({ in: 'header', required: false });
    }
  });
});

describe('prewarming the cache', () => {
  let asked: WarmAnswersRequest | undefined;
  beforeEach(() => {
    gateway.bus.answer(warmAnswers, (request) => {
      asked = request;
      const items = request.reads.map((_, n) => ({ line: n + 1, id: `${n}`, status: n === 0 ? 404 : 201, code: 2101 }));
      const counts = { total: items.length, inserted: items.length - 1, updated: 0, unchanged: 0, failed: 1 };
      return { ...counts, items, ignored_columns: [], registered: [], took_ms: 1 };
    });
  });
  const prewarm = (body: object): Promise<Response> =>
    post('/api/v2/cache/prewarm', JSON.stringify(body), 'application/json');

  it('asks for the reads given and those of the symbols, and tells the outcome of each', async () => {
    const subject = 'svc.market-data.bars.list.v1';
    const reads = [{ subject, request: { timeframe: '1Min', symbol: '600519.SH' } }, 5];
    const response = await prewarm({ reads, symbols: ['000001.SZ'] });
    expect(asked?.reads).toEqual([
      { subject, request: '{"symbol":"600519.SH","timeframe":"1Min"}' },
      5,
      { subject, request: '{"symbol":"000001.SZ"}' },
      { subject: 'svc.market-data.quotes.latest.v1', request: '{"symbols":["000001.SZ"]}' },
    ]);
    const { summary, items } = (await response.json()) as { summary: object; items: { status: number }[] };
    expect([response.status, summary]).toMatchObject([207, { total: 4, succeeded: 3, failed: 1 }]);
    expect(items.map(({ status }) => status)).toEqual([404, 201, 201, 201]);
  });

  it('needs something to read, not more than 1,000, and an operator', async () => {
    const symbols = Array.from({ length: 500 }, () => '600519.SH');
    for (const body of [{}, { reads: [] }, { reads: [1], symbols }]) expect((await prewarm(body)).status).toBe(400);
    const token = gateway.token('user', 'feed');
    const headers = { 'content-type': 'application/json' };
    const refused = await gateway.get('/api/v2/cache/prewarm', {
      method: 'POST',
      body: '{"symbols":[]}',
      headers,
      token,
    });
    expect(refused.status).toBe(403);
  });
});
