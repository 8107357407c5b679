import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ingestBars, type IngestBarsRequest, type IngestReport } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';
import { playUploads, type Asked } from './uploads-fake.js';

let gateway: Gateway;
let blocks: IngestBarsRequest[];
let uploads: Asked;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  blocks = [];
  gateway.bus.answer(ingestBars, ingest);
  uploads = playUploads(gateway);
});

function ingest(block: IngestBarsRequest): IngestReport {
  blocks.push(block);
  const counts = { total: 1, inserted: 1, updated: 0, unchanged: 0, failed: 0, took_ms: 1, items: [] };
  const warnings = [{ kind: 'units', count: 1, lines: [2], message: 'are volumes in lots?' }];
  return {
    ...counts,
    ...{ ignored_columns: [], registered: [], dialect: 'tushare', conversion: 'volume × 100', rounded: 3, warnings },
  };
}

const title = '600000 浦发银行 日线 不复权';
const names = '      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额';
const line = '2020/01/02\t12.47\t12.64\t12.45\t12.47\t51629079\t647446144.00';
const tdx = `${title}\n${names}\n${line}\n数据来源:通达信\n`;
const headers = { 'content-type': 'text/csv' };
const batch = (query: string, body: string, method = 'POST'): Promise<Response> =>
  gateway.get(`/api/v2/batch/bars${query}`, { method, body, headers, token: gateway.token('admin') });

describe('a batch of a file of another source', () => {
  it('a batch of a file of another source is cut below its title, and its options reach the store under the names of the bus', async () => {
    const response = await batch('?format=tdx&symbol=sh600000&stamps=end', tdx);
    expect(response.status).toBe(200);
    expect(blocks).toMatchObject([
      { header: `${title}\n${names}`, first_line: 3, dialect: 'tdx', symbol: 'sh600000', stamps: 'end' },
    ]);
    expect(blocks[0]?.body.toString()).toBe(`${line}\n数据来源:通达信\n`);
    expect(await response.json()).toMatchObject({
      ...{ format: 'tushare', conversion: 'volume × 100', rounded: 3 },
      warnings: [{ kind: 'units', count: 1, lines: [2], message: 'are volumes in lots?' }],
    });
  });

  it.each(['?format=excel', '?symbol=60000', '?stamps=middle'])(
    'a batch of a file of another source is refused for the option %s',
    async (query) => {
      expect((await batch(query, tdx)).status).toBe(400);
      expect(blocks).toEqual([]);
    },
  );
});

describe('an upload of a file of another source', () => {
  it('keeps its title with the header, its name and its options', async () => {
    const form = new FormData();
    form.append('format', 'tdx');
    form.append('file', new Blob([tdx]), 'SH#600000.txt');
    const init = { method: 'POST', body: form, token: gateway.token('admin') };
    expect((await gateway.get('/api/v2/uploads?symbol=600000.SH', init)).status).toBe(202);
    expect(uploads.opened).toMatchObject([{ dialect: 'tdx', symbol: '600000.SH', file_name: 'SH#600000.txt' }]);
    expect(uploads.started).toMatchObject([{ header: `${title}\n${names}`, lines: 2 }]);
    expect(uploads.staged.map(({ first_line }) => first_line)).toEqual([3]);
  });
});
