import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ingestBars, ingestInstruments, type IngestReport, type IngestRequest } from '@mystocks/contracts';
import { gb18030Bytes } from '@mystocks/testing';
import { startGateway, type Gateway } from './harness.js';
import { playUploads, type Asked } from './uploads-fake.js';

let gateway: Gateway;
let blocks: IngestRequest[];
let uploads: Asked;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  blocks = [];
  gateway.bus.answer(ingestBars, ingest).answer(ingestInstruments, ingest);
  uploads = playUploads(gateway);
});

function ingest(block: IngestRequest): IngestReport {
  blocks.push(block);
  const total = block.body.toString().trimEnd().split('\n').length;
  const counts = { total, inserted: total, updated: 0, unchanged: 0, failed: 0 };
  return { ...counts, items: [], ignored_columns: [], registered: [], took_ms: 1 };
}

interface Answer {
  readonly status: number;
  readonly told: { readonly encoding?: string; readonly detail?: string; readonly code?: number };
}

async function post(path: string, body: Buffer | string, type = 'text/csv'): Promise<Answer> {
  const init = { method: 'POST', body: Uint8Array.from(Buffer.from(body)), headers: { 'content-type': type } };
  const response = await gateway.get(path, { ...init, token: gateway.token('admin') });
  return { status: response.status, told: (await response.json()) as Answer['told'] };
}

async function upload(content: Buffer | string, query = '', fields: Record<string, string> = {}): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([Uint8Array.from(Buffer.from(content))]), 'names.csv');
  const init = { method: 'POST', body: form, token: gateway.token('admin') };
  const response = await gateway.get(`/api/v2/uploads?kind=symbols&${query}`, init);
  return { status: response.status, told: (await response.json()) as Answer['told'] };
}

const header = 'code,exchange,name';
const line = '600000,SSE,浦发银行䶮𠮷\n';
const csv = `${header}\n${line}`;
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');
const sent = (): string[] => blocks.map(({ body }) => body.toString());

describe('a batch of lines', () => {
  it.each<[string, Buffer | string, string, string]>([
    ['UTF-8', csv, '', 'utf-8'],
    ['UTF-8 with a byte order mark', `\uFEFF${csv}`, '', 'utf-8'],
    ['GB18030, recognised', gb18030Bytes(csv), '', 'gb18030'],
    ['GB18030, named', gb18030Bytes(csv), '?charset=GBK', 'gb18030'],
    ['UTF-16', utf16(csv), '', 'utf-16le'],
    ['UTF-16, named', Buffer.from(csv, 'utf16le').swap16(), '?charset=utf-16be', 'utf-16be'],
    ['UTF-8 with CR line ends', csv.replaceAll('\n', '\r'), '', 'utf-8'],
    ['GB18030 with CRCRLF line ends', gb18030Bytes(csv.replaceAll('\n', '\r\r\n')), '', 'gb18030'],
  ])('reaches the store as UTF-8 lines and is answered with its encoding: %s', async (_what, body, query, encoding) => {
    expect(await post(`/api/v2/batch/symbols${query}`, body)).toMatchObject({ status: 200, told: { encoding } });
    expect(blocks).toMatchObject([{ header, first_line: 2 }]);
    expect(sent()).toEqual([line]);
  });

  it('a batch of lines may be NDJSON', async () => {
    const lines = '{"symbol":"600000.SH","name":"浦发银行"}\n';
    const answer = await post('/api/v2/batch/symbols', gb18030Bytes(lines), 'application/x-ndjson');
    expect(answer).toMatchObject({ status: 200, told: { encoding: 'gb18030' } });
    expect(sent()).toEqual([lines]);
  });

  it('a batch of lines is read as its Content-Type says, where the query says nothing else', async () => {
    const body = gb18030Bytes(csv);
    expect((await post('/api/v2/batch/symbols', body, 'text/csv; charset="gb2312"')).told.encoding).toBe('gb18030');
    await post('/api/v2/batch/symbols', body, 'text/csv; charset=utf-8');
    expect(blocks[1]?.body).toEqual(gb18030Bytes(line));
    await post('/api/v2/batch/symbols?charset=gb18030', body, 'text/csv; charset=utf-8');
    expect(sent()[2]).toBe(line);
  });

  it.each<[string, string, string, number, string]>([
    ['an encoding that is not read', '?charset=big5', 'text/csv', 400, 'charset must be one of utf-8'],
    ['one in the Content-Type', '', 'text/csv; charset=latin1', 415, 'The charset latin1 is not read'],
    ['a byte order mark that contradicts it', '?charset=gb18030', 'text/csv', 415, 'byte order mark of utf-8'],
  ])('a batch of lines is refused when it names %s', async (_what, query, type, status, words) => {
    const answer = await post(`/api/v2/batch/bars${query}`, `\uFEFF${csv}`, type);
    expect(answer).toMatchObject({ status, told: { detail: expect.stringContaining(words) } });
    expect(blocks).toEqual([]);
  });

  it.each<[string, Buffer, number, string]>([
    ['an Excel workbook', Buffer.from('504b030414000600', 'hex'), 415, 'Excel workbook'],
    ['a gzip file', Buffer.from('1f8b0800', 'hex'), 415, 'gzip'],
    ['bytes with zeros', Buffer.from(csv, 'utf16le'), 415, 'NUL bytes'],
    ['a header in Latin-1', Buffer.from('code,exchange,prénom\n1\n', 'latin1'), 400, 'header is neither UTF-8'],
  ])('a batch of lines is refused by the name of the problem when it is %s', async (_what, body, status, words) => {
    const answer = await post('/api/v2/batch/bars', body);
    expect(answer).toMatchObject({ status, told: { detail: expect.stringContaining(words) } });
    expect(blocks).toEqual([]);
  });
});

describe('an uploaded file', () => {
  it.each<[string, Buffer, string, Record<string, string>, string]>([
    ['recognised', gb18030Bytes(csv), '', {}, 'gb18030'],
    ['named in the query', gb18030Bytes(csv), 'charset=gb18030', {}, 'gb18030'],
    ['named in the form', gb18030Bytes(csv), '', { charset: 'gbk' }, 'gb18030'],
    ['marked as UTF-16', utf16(csv.replaceAll('\n', '\r\n')), '', {}, 'utf-16le'],
  ])(
    'an uploaded file is staged in UTF-8 and started with its encoding: %s',
    async (_what, body, query, fields, encoding) => {
      expect((await upload(body, query, fields)).status).toBe(202);
      expect(uploads.started).toMatchObject([{ header, encoding }]);
      expect(uploads.staged.map(({ body: staged }) => staged.toString().replaceAll('\r', ''))).toEqual([line]);
      expect(Object.keys(uploads.opened[0] ?? {})).not.toContain('charset');
    },
  );

  it('an uploaded file is refused when it is no text, or names an encoding that is not read', async () => {
    expect(await upload(Buffer.from('504b0304140006', 'hex'))).toMatchObject({
      status: 415,
      told: { detail: expect.stringContaining('Excel workbook') },
    });
    expect(await upload(csv, 'charset=latin1')).toMatchObject({ status: 400 });
    expect(uploads.started).toEqual([]);
    expect(uploads.dropped).toEqual(uploads.opened.map(({ id }) => id));
  });

  it('loses a name that is not UTF-8, and nothing else', async () => {
    const part = 'Content-Disposition: form-data; name="file"; filename="';
    const parts = ['--b\r\n', part, gb18030Bytes('浦发.csv'), '"\r\n\r\n', csv, '\r\n--b--\r\n'];
    const body = Uint8Array.from(Buffer.concat(parts.map((one) => Buffer.from(one))));
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const init = { method: 'POST', body, headers, token: gateway.token('admin') };
    expect((await gateway.get('/api/v2/uploads?kind=symbols', init)).status).toBe(202);
    expect(uploads.opened).toMatchObject([{ format: 'csv' }]);
    expect(uploads.opened[0]?.file_name).toBeUndefined();
    expect(uploads.started).toMatchObject([{ header, lines: 1 }]);
  });
});

describe('a JSON body that is not UTF-8', () => {
  const damaged = (text: string): Buffer => Buffer.from(text, 'latin1');
  it.each([
    ['/api/v2/batch/symbols', damaged('{"items":[{"symbol":"600000.SH","name":"Societ\u00e9"}]}')],
    ['/api/v2/batch/bars', gb18030Bytes('{"items":[{"名称":"浦发银行"}]}')],
    ['/api/v2/quotes', damaged('{"symbol":"600000.SH\u00e9"}')],
  ])('a JSON body that is not UTF-8 is refused at %s', async (path, body) => {
    expect(await post(path, body, 'application/json')).toMatchObject({
      status: 400,
      told: { code: 1001, detail: 'The body is not UTF-8' },
    });
  });

  it('a JSON body that is not UTF-8 is refused as a form too', async () => {
    const body = damaged('username=\u00e9&password=x&grant_type=password');
    expect(await post('/api/v2/auth/token', body, 'application/x-www-form-urlencoded')).toMatchObject({
      status: 400,
      told: { detail: 'The body is not UTF-8' },
    });
  });
});

describe('the documents', () => {
  it('the documents name the parameter charset of batches and uploads', async () => {
    const { paths } = (await (await gateway.get('/api/v2/openapi.json')).json()) as {
      paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
    };
    for (const path of ['/api/v2/batch/bars', '/api/v2/batch/symbols', '/api/v2/uploads'])
      expect(paths[path]?.['post']?.parameters).toContainEqual(
        expect.objectContaining({ name: 'charset', in: 'query' }),
      );
  });
});
