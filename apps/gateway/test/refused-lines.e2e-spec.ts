import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, ingestBars, type IngestRequest, type IngestReport } from '@mystocks/contracts';
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
  gateway.bus.answer(ingestBars, ingest);
});

function ingest(block: IngestRequest): IngestReport {
  blocks.push(block);
  return poisonedReport(block, blocks.length);
}

/** Lines of which every `poisonEvery`th is refused. */
const ndjson = (count: number, poisonEvery = Infinity): string =>
  Array.from(
    { length: count },
    (_, n) => `{"n":${n},"x":"${poisonEvery < Infinity && n % poisonEvery === 0 ? 'poison' : 'x'.repeat(20)}"}\n`,
  ).join('');

it('A dry run is passed on as such, under no Idempotency-Key, and shows no counts of changes', async () => {
  const body = ndjson(3, 2);
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': 'key-1' };
  const init = { method: 'POST', body, headers, token: gateway.token('operator') };
  const response = await gateway.get('/api/v2/batch/bars?dry_run=true&on_error=abort', init);
  expect(blocks.map(({ dry_run, idempotency_key }) => [dry_run, idempotency_key])).toEqual([[true, undefined]]);
  const document = (await response.json()) as { dry_run: boolean; summary: object };
  expect([response.status, document.dry_run]).toEqual([207, true]);
  expect(document.summary).toEqual({ total: 3, succeeded: 1, failed: 2 });
});

describe('Refused lines as NDJSON', () => {
  const stream = async (body: string): Promise<{ response: Response; lines: Record<string, unknown>[] }> => {
    const headers = { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' };
    const init = { method: 'POST', body, headers, token: gateway.token('operator') };
    const response = await gateway.get('/api/v2/batch/bars?concurrency=8', init);
    const text = await response.text();
    return {
      response,
      lines: text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  };

  it('lists every refused line of a long stream in the order of the file, then the report', async () => {
    const { response, lines } = await stream(ndjson(60_000, 7));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    expect(blocks.length).toBeGreaterThan(4);
    const last = lines.pop();
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 8_572 }, (_, n) => 7 * n + 1));
    expect(lines[0]).toMatchObject({ index: 0, status: 422, error: { code: 1001, message: 'poison' } });
    expect(last).toMatchObject({ status: 207, summary: { total: 60_000, failed: 8_572 } });
    expect(last?.['read_after']).toMatch(/^0\/\d+$/);
  });

  it('consists of the report alone when no line is refused', async () => {
    const { lines } = await stream(ndjson(3));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status: 200, summary: { total: 3 } });
  });

  it('answers a request that is refused as a whole with its status', async () => {
    gateway.bus.answer(ingestBars, () => {
      throw new Failure('unprocessable', 'The header lacks open');
    });
    const { response, lines } = await stream(ndjson(3));
    expect([response.status, lines[0]?.['detail']]).toEqual([422, 'The header lacks open']);
  });

  it('ends with the problem when storing fails after the first lines were sent', async () => {
    let count = 0;
    gateway.bus.answer(ingestBars, (block) => {
      count += 1;
      if (count > 3) throw new Failure('unavailable', 'The database is away');
      return ingest(block);
    });
    const { response, lines } = await stream(ndjson(100_000, 9));
    expect(response.status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ problem: { status: 503 } });
    expect(lines.length).toBeGreaterThan(1);
  });
});
