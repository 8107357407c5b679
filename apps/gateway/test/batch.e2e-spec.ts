import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Failure,
  ingestBars,
  ingestInstruments,
  recordQuotes,
  type IngestBarsRequest,
  type IngestReport,
  type IngestRequest,
} from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';
import { poisonedReport } from './poisoned-report.js';

let gateway: Gateway;
let blocks: IngestRequest[];
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  blocks = [];
  gateway.bus.answer(ingestBars, ingest).answer(ingestInstruments, ingest);
});

function ingest(block: IngestRequest): IngestReport {
  blocks.push(block);
  return poisonedReport(block, blocks.length);
}

interface Told {
  readonly errors: boolean;
  readonly summary: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly items: {
    readonly index: number;
    readonly line?: number;
    readonly status: number;
    readonly error?: { readonly code: number };
  }[];
  readonly items_truncated: boolean;
}

const post = async (path: string, body: string, type: string): Promise<{ response: Response; told: Told }> => {
  const init = { method: 'POST', body, headers: { 'content-type': type }, token: gateway.token('operator') };
  const response = await gateway.get(path, init);
  return { response, told: (await response.json()) as Told };
};
const ndjson = (count: number, poisonEvery = 0, pad = ''): string =>
  Array.from(
    { length: count },
    (_, n) => `{"n":${n},"x":"${poisonEvery > 0 && n % poisonEvery === 0 ? 'poison' : pad}"}\n`,
  ).join('');

describe('a JSON batch', () => {
  it('tells the outcome of every item in order, and the position of the write', async () => {
    const items = '{"items":[{"code":"600519","close":10.10},\n {"poison":1.0000000000000000001} , {"a":"],}{\\"["}]}';
    const { response, told } = await post('/api/v2/batch/bars?register=true', items, 'application/json');
    expect(response.status).toBe(207);
    expect(response.headers.get('x-read-after')).toBe('0/1');
    expect(told.summary).toMatchObject({ total: 3, succeeded: 2, failed: 1 });
    expect(told.items.map(({ index, status, error }) => [index, status, error?.code])).toEqual([
      [0, 201, undefined],
      [1, 422, 1001],
      [2, 201, undefined],
    ]);
    expect(blocks).toHaveLength(1);
    expect(blocks[0]).toMatchObject({
      format: 'ndjson',
      first_line: 1,
      want_items: true,
      register: true,
    } satisfies Partial<IngestBarsRequest>);
  });

  it('hands the items on as they were written: no digit is lost', async () => {
    await post('/api/v2/batch/bars', '{"items":[{"close":10.10},{"close":1.0000000000000000001}]}', 'application/json');
    expect(blocks[0]?.body.toString()).toBe('{"close":10.10}\n{"close":1.0000000000000000001}\n');
  });

  it('says 200 when all are stored, 422 when none is, and passes abort on', async () => {
    expect((await post('/api/v2/batch/symbols', '{"items":[{"a":1}]}', 'application/json')).response.status).toBe(200);
    const none = await post('/api/v2/batch/bars?on_error=abort', '{"items":[{"a":"poison"}]}', 'application/json');
    expect([none.response.status, none.told.errors, blocks.at(-1)?.on_error]).toEqual([422, true, 'abort']);
  });
});

describe('a line stream', () => {
  it('isolates its poison lines and tells their lines and indexes', async () => {
    const { response, told } = await post('/api/v2/batch/bars', ndjson(1_000, 14), 'application/x-ndjson');
    expect(response.status).toBe(207);
    expect(told.summary).toMatchObject({ total: 1_000, succeeded: 928, failed: 72 });
    expect(told.items).toHaveLength(1_000);
    expect(told.items.filter(({ status }) => status === 422).map(({ index }) => index)).toEqual(
      Array.from({ length: 72 }, (_, n) => n * 14),
    );
    expect(told.items.every(({ index, line }) => line === index + 1)).toBe(true);
  });

  it('a line stream of CSV keeps its header and counts lines from it', async () => {
    const csv = '\uFEFFcode,exchange,date\r\n600519,SSE,2020-01-02\r\npoison\r\n000001,SZSE,2020-01-02\r\n';
    const { told } = await post('/api/v2/batch/bars', csv, 'text/csv; charset=utf-8');
    expect(blocks[0]).toMatchObject({ format: 'csv', header: 'code,exchange,date', first_line: 2 });
    expect(told.items.map(({ index, line, status }) => [index, line, status])).toEqual([
      [0, 2, 201],
      [1, 3, 422],
      [2, 4, 201],
    ]);
  });

  it('goes out in blocks of whole lines, not more under way than allowed, all lines once', async () => {
    let [under, peak] = [0, 0];
    const second = Promise.withResolvers<unknown>();
    gateway.bus.answer(ingestBars, async (block) => {
      peak = Math.max(peak, ++under);
      if (under === 2) second.resolve(undefined);
      // The first block goes alone, then two at once; a third joins when these are quick enough.
      if (block.first_line > 1) await second.promise;
      under -= 1;
      return ingest(block);
    });
    const text = ndjson(30_000, 0, 'y'.repeat(100));
    const { response, told } = await post('/api/v2/batch/bars?concurrency=3', text, 'application/x-ndjson');
    expect(response.status).toBe(200);
    expect(told).toMatchObject({ items: [], items_truncated: false, summary: { total: 30_000, failed: 0 } });
    expect([2, 3]).toContain(peak);
    const inOrder = blocks.toSorted((a, b) => a.first_line - b.first_line);
    expect(Buffer.concat(inOrder.map(({ body }) => body)).toString()).toBe(text);
    expect(Math.max(...blocks.map(({ body }) => body.length))).toBeLessThanOrEqual(524_288);
    let line = 1;
    for (const block of inOrder) {
      expect(block.first_line).toBe(line);
      line += block.body.toString().split('\n').length - 1;
    }
  });

  it('a line stream has a name that its blocks carry: the same when it is sent again under its key, none when it is one block', async () => {
    const names = async (text: string, key?: string): Promise<unknown[]> => {
      blocks.length = 0;
      const headers = {
        'content-type': 'application/x-ndjson',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      };
      await gateway.get('/api/v2/batch/bars', { method: 'POST', body: text, headers, token: gateway.token('feed') });
      return [...new Set(blocks.map((block) => (block as Partial<IngestBarsRequest>).load))];
    };
    const long = ndjson(10_000, 0, 'y'.repeat(100));
    const [keyed, again, other, unkeyed, anew] = [
      await names(long, 'monday'),
      await names(long, 'monday'),
      await names(long, 'tuesday'),
      await names(long),
      await names(long),
    ];
    expect(again).toEqual(keyed);
    expect(new Set([keyed, other, unkeyed, anew].flat()).size).toBe(4);
    expect(await names(ndjson(100, 0))).toEqual([undefined]);
  });

  it('tells at most 1,000 failures, and says that there are more', async () => {
    const { told } = await post('/api/v2/batch/bars', ndjson(3_000, 1), 'application/x-ndjson');
    expect([told.items.length, told.items_truncated, told.summary.failed]).toEqual([1_000, true, 3_000]);
  });

  it('slows its sender down when the store is slow, instead of filling memory', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    gateway.bus.answer(ingestBars, async (block) => {
      await held;
      return ingest(block);
    });
    const chunk = Buffer.from(ndjson(4_000, 0, 'y'.repeat(240)));
    let sent = 0;
    const done = new Promise<number>((resolve, reject) => {
      const options = {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.token('feed')}`, 'content-type': 'application/x-ndjson' },
      };
      const request = httpRequest(`${gateway.url}/api/v2/batch/bars?concurrency=1`, options, (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode ?? 0);
        });
      });
      request.on('error', reject);
      const write = (): void => {
        while (sent < 60) {
          sent += 1;
          if (!request.write(chunk)) return void request.once('drain', write);
        }
        request.end();
      };
      write();
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    // 60 MB are wanted; what is not taken stays with the sender (socket buffers of a loopback hold some megabytes).
    expect(sent).toBeLessThan(40);
    release();
    expect(await done).toBe(200);
  });

  it('a line stream that breaks off in the middle says what stays stored', async () => {
    let calls = 0;
    gateway.bus.answer(ingestBars, (block) => {
      if (++calls > 2) throw new Failure('unavailable', 'market-data does not answer');
      return ingest(block);
    });
    const text = ndjson(30_000, 0, 'y'.repeat(100));
    const init = {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/x-ndjson' },
      token: gateway.token('admin'),
    };
    const response = await gateway.get('/api/v2/batch/bars?concurrency=1', init);
    expect(response.status).toBe(503);
    expect(((await response.json()) as { detail: string }).detail).toMatch(/At least \d+ lines were stored/);
  });

  it('a line stream with a line longer than a block, or without lines, is refused', async () => {
    const long = await post('/api/v2/batch/bars', `{"x":"${'y'.repeat(600_000)}"}\n`, 'application/x-ndjson');
    expect(long.response.status).toBe(413);
    expect((await post('/api/v2/batch/bars', 'code,exchange,date\n', 'text/csv')).response.status).toBe(400);
  });
});

describe('quotes', () => {
  it('quotes come alone or as many, and tell the position of their write', async () => {
    const quote = { symbol: '600519.SH', t: '2024-06-14T09:31:00+08:00', last: 1700.01, bids: [{ p: 1700, s: 100 }] };
    gateway.bus.answer(recordQuotes, ({ quotes }) => ({
      ...ingest({
        body: Buffer.from(quotes.map(() => 'ok\n').join('')),
        format: 'ndjson',
        first_line: 1,
        on_error: 'continue',
        want_items: true,
      }),
      ignored_columns: [],
    }));
    const send = (body: object): Promise<Response> =>
      gateway.get('/api/v2/quotes', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
        token: gateway.token('feed'),
      });
    const one = await send(quote);
    expect([one.status, one.headers.get('x-read-after')]).toEqual([200, '0/1']);
    const many = await send({ quotes: [quote, quote] });
    expect(((await many.json()) as Told).items.map(({ index }) => index)).toEqual([0, 1]);
  });
});
