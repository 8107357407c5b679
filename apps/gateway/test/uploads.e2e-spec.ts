import { once } from 'node:events';
import { createConnection } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, openUpload, startUpload } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { startGateway, type Gateway } from './harness.js';
import { CSV, ID, operation, playUploads, type Asked } from './uploads-fake.js';

let gateway: Gateway;
let opened: Asked['opened'];
let staged: Asked['staged'];
let started: Asked['started'];
let dropped: Asked['dropped'];
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  ({ opened, staged, started, dropped } = playUploads(gateway));
});

interface Part {
  readonly name: string;
  readonly content: string | Buffer;
  readonly file?: string;
}

async function upload(query: string, parts: readonly Part[], headers: Record<string, string> = {}): Promise<Response> {
  const form = new FormData();
  for (const { name, content, file } of parts) {
    if (file === undefined) form.append(name, String(content));
    else form.append(name, new Blob([Uint8Array.from(Buffer.from(content))]), file);
  }
  const init = { method: 'POST', body: form, token: gateway.token('operator'), headers };
  return gateway.get(`/api/v2/uploads${query}`, init);
}
const file = (content: string | Buffer, name = 'bars.csv'): Part => ({ name: 'file', content, file: name });
const detailOf = async (response: Response): Promise<string> => ((await response.json()) as { detail: string }).detail;

describe('POST /uploads', () => {
  it('answers 202 with the operation and where to ask for it; the text arrives as it was', async () => {
    const response = await upload('?register=true&timeframe=1m', [file(CSV)]);
    expect(response.status).toBe(202);
    const body = (await response.json()) as { id: string; status: string; result: null; problem: null };
    expect(body).toMatchObject({ status: 'queued', result: null, problem: null, id: opened[0]?.id });
    expect(response.headers.get('location')).toBe(`/api/v2/operations/${body.id}`);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(opened).toMatchObject([
      { kind: 'bars', format: 'csv', register: true, timeframe: '1Min', file_name: 'bars.csv' },
    ]);
    const [header, line = ''] = CSV.split('\n');
    expect(staged.map(({ body: bytes, first_line }) => [bytes.toString(), first_line])).toEqual([[`${line}\n`, 2]]);
    expect(started).toMatchObject([{ header, blocks: 1, lines: 1, bytes: line.length + 1 }]);
  });

  it('takes gzip and NDJSON by what is in the file, and options as fields before it', async () => {
    const json = '{"symbol":"600519.SH","name":"x"}\n';
    const fields = [
      { name: 'kind', content: 'symbols' },
      { name: 'on_error', content: 'abort' },
    ];
    const response = await upload('', [...fields, file(gzipSync(json), 'data')]);
    expect(response.status).toBe(202);
    expect(opened).toMatchObject([{ kind: 'symbols', on_error: 'abort', format: 'ndjson' }]);
    expect(staged.map(({ body }) => body.toString())).toEqual([json]);
  });

  it('stages a long file in blocks of whole lines, with their places', async () => {
    const line = '600519,SSE,2024-01-02,1,2,1,2,100\n';
    await upload('', [file(CSV + line.repeat(90_000))]);
    expect(staged.length).toBeGreaterThan(3);
    expect(Buffer.concat(staged.map(({ body }) => body)).toString()).toBe(line.repeat(90_001));
    let next = 2;
    for (const block of [...staged].sort((a, b) => a.first_line - b.first_line)) {
      expect(block.first_line).toBe(next);
      next += block.lines;
    }
    expect(started).toMatchObject([{ blocks: staged.length, lines: 90_001 }]);
  });

  it('passes an idempotency key on with a digest of the text, and stages nothing twice', async () => {
    gateway.bus.answer(openUpload, () => ({ id: ID, replayed: true }));
    gateway.bus.answer(startUpload, (request) => {
      started.push(request);
      return operation({ replayed: true });
    });
    const response = await upload('', [file(CSV)], { 'idempotency-key': 'monday' });
    expect([response.status, response.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect([staged.length, started[0]?.digest?.length]).toEqual([0, 64]);
    await upload('', [file(gzipSync(CSV), 'bars.csv.gz')], { 'idempotency-key': 'monday' });
    expect(started[1]?.digest).toBe(started[0]?.digest);
  });

  it.each<[string, string, Part[], number, string]>([
    ['no file', '', [{ name: 'kind', content: 'bars' }], 400, 'no file'],
    ['two files', '', [file(CSV), file(CSV)], 400, 'One upload is one file'],
    ['an unknown field', '', [{ name: 'colour', content: 'red' }, file(CSV)], 400, 'colour'],
    ['an option twice', '?kind=bars', [{ name: 'kind', content: 'bars' }, file(CSV)], 400, 'kind is given'],
    ['an option behind the file', '', [file(CSV), { name: 'kind', content: 'bars' }], 400, 'before the file'],
    ['a file under another name', '', [{ name: 'data', content: CSV, file: 'a.csv' }], 400, 'called file'],
    ['a file that is no file', '', [{ name: 'file', content: CSV }], 400, 'must be a file'],
    ['a long name', '', [file(CSV, `${'x'.repeat(201)}.csv`)], 400, '200 characters'],
    ['an empty file', '', [file('')], 400, 'empty'],
    ['a header and nothing else', '', [file('code,exchange,date\n')], 400, 'no lines'],
    ['a JSON list', '', [file('[{}]', 'a.json')], 415, 'NDJSON'],
    ['something that is no text', '', [file(Buffer.from([80, 75, 3, 4, 0, 0]), 'a.zip')], 415, 'ZIP archive'],
    ['another format than its name says', '', [file('{"a":1}\n')], 415, 'called csv but holds ndjson'],
    ['a broken gzip file', '', [file(gzipSync(CSV.repeat(9)).subarray(0, 60), 'bars.csv.gz')], 400, 'damaged'],
  ])('refuses %s, and leaves nothing behind', async (_what, query, parts, status, words) => {
    const response = await upload(query, parts);
    expect(response.status).toBe(status);
    expect(await detailOf(response)).toContain(words);
    expect(started).toEqual([]);
    expect(dropped).toEqual(opened.map(({ id }) => id));
  });

  it('refuses a body that is no form, and a form without a boundary', async () => {
    const send = (type: string): Promise<Response> =>
      gateway.get('/api/v2/uploads', {
        method: 'POST',
        body: CSV,
        headers: { 'content-type': type },
        token: gateway.token('feed'),
      });
    expect((await send('text/csv')).status).toBe(415);
    expect((await send('multipart/form-data')).status).toBe(400);
    expect((await send('multipart/form-data; boundary=x')).status).toBe(400);
  });

  it('passes a refusal of the owning service on, and drops what was staged', async () => {
    gateway.bus.answer(startUpload, () => {
      throw new Failure('unprocessable', 'The header lacks close');
    });
    const response = await upload('', [file(CSV)]);
    expect([response.status, dropped.length]).toEqual([422, 1]);
  });

  it('POST /uploads is refused before it is read when it says that it is too large', async () => {
    const socket = createConnection(gateway.port, '127.0.0.1');
    socket.write(
      `POST /api/v2/uploads HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${gateway.token('admin')}\r\n` +
        'content-type: multipart/form-data; boundary=b\r\ncontent-length: 9000000000\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    expect(opened).toEqual([]);
  });

  it('runs nothing of a file whose sender went away, and drops what was staged', async () => {
    const socket = createConnection(gateway.port, '127.0.0.1');
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';
    socket.write(
      `POST /api/v2/uploads HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${gateway.token('admin')}\r\n` +
        `content-type: multipart/form-data; boundary=b\r\ncontent-length: 9000000\r\n\r\n${head}${CSV}`,
    );
    socket.write(CSV.repeat(20_000));
    await waitFor(() => staged.length > 0, { timeoutMs: 5_000 });
    socket.destroy();
    await waitFor(() => dropped.length === 1, { timeoutMs: 5_000 });
    expect(started).toEqual([]);
  });
});
