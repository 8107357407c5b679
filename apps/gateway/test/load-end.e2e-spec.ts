import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { endLoad, Failure, ingestBars, type EndLoadRequest, type IngestBarsRequest } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
let blocks: IngestBarsRequest[];
let ends: EndLoadRequest[];
/** Lines of each block that are withheld. */
let withheld: number;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const rest = { items: [], ignored_columns: [], registered: [] };
beforeEach(() => {
  [blocks, ends, withheld] = [[], [], 2];
  gateway.bus
    .answer(ingestBars, (block) => {
      blocks.push(block);
      const counts = { total: 10, inserted: 3, updated: 0, unchanged: 7, failed: 0 };
      return { ...rest, ...counts, took_ms: 1, lsn: '0/1', ...(withheld === 0 ? {} : { withheld }) };
    })
    .answer(endLoad, (request) => {
      ends.push(request);
      return { ...rest, total: 3, inserted: 1, updated: 2, unchanged: 0, failed: 0, took_ms: 1, lsn: '0/2' };
    });
});

const line = `{"code":"600519","x":"${'y'.repeat(200)}"}\n`;
const post = async (lines: number, headers: Record<string, string> = {}) => {
  const response = await gateway.get('/api/v2/batch/bars?concurrency=4', {
    method: 'POST',
    body: line.repeat(lines),
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    token: gateway.token('operator'),
  });
  return { response, body: (await response.json()) as { summary?: object } };
};

describe('a stream of which lines wait for its end', () => {
  it('a stream of which lines wait for its end has them stored once all of its blocks are, and counts them by what became of them', async () => {
    const { response, body } = await post(10_000);
    expect(blocks.length).toBeGreaterThan(2);
    expect(ends).toEqual([{ load: blocks[0]?.load }]);
    const total = 10 * blocks.length;
    const [inserted, updated] = [3 * blocks.length + 1, 2];
    expect(body.summary).toEqual({
      ...{ total, succeeded: total, failed: 0, inserted, updated },
      unchanged: total - inserted - updated,
    });
    expect(response.headers.get('x-read-after')).toBe('0/2');
  });

  it('names the key of its blocks with their end', async () => {
    await post(10_000, { 'idempotency-key': 'stream' });
    expect(ends).toEqual([{ load: blocks[0]?.load, idempotency_key: 'stream' }]);
  });

  it('a stream of which lines wait for its end has them stored when it breaks off, once the blocks under way have ended', async () => {
    let left = 4;
    const ended: string[] = [];
    gateway.bus.answer(ingestBars, async () => {
      left -= 1;
      if (left === 0) throw new Failure('unavailable', 'no');
      const isFirst = left === 3;
      if (!isFirst) await new Promise((resolve) => setTimeout(resolve, 100));
      ended.push('block');
      return { ...rest, total: 1, inserted: 0, updated: 0, unchanged: 1, failed: 0, took_ms: 1, lsn: '0/1' };
    });
    gateway.bus.answer(endLoad, (request) => {
      ended.push(request.broken_off === true ? 'end' : 'whole');
      return { ...rest, total: 0, inserted: 0, updated: 0, unchanged: 0, failed: 0, took_ms: 1 };
    });
    const { response } = await post(10_000, { 'idempotency-key': 'broken' });
    expect(response.status).toBe(503);
    expect(ended.at(-1)).toBe('end');
    expect(ended.filter((what) => what === 'end')).toHaveLength(1);
  });
});

describe('a stream of which no line waits', () => {
  it.each([
    ['of many blocks', 10_000],
    ['of one block', 10],
  ])('a stream of which no line waits is not ended by a call: %s', async (_, lines) => {
    withheld = 0;
    expect((await post(lines)).response.status).toBe(200);
    expect(ends).toEqual([]);
  });
});
