import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gb18030Bytes, recordedCases } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, get, postCsv, type Reply } from './requests.js';
import { ended, reportedLines, storedRows, upload } from './uploads-help.js';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(recordedCases);
const withCases = existsSync(folder) ? describe : describe.skip;
const caseOf = (name: string): Buffer => readFileSync(join(folder, name));

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

/** Names with a character of the GBK extension and ones that take four bytes in GB18030. */
const names = ['浦发银行', '万科Ａ', '龚䶮股份', '𠮷峰科技', '㐀㐁银行', '圣邦股份'];
const symbolOf = (n: number): string => `${600_100 + n}.SH`;
const list = `symbol,name,备注\n${names.map((name, n) => `${symbolOf(n)},${name},上市\n`).join('')}`;

const nameOf = async (symbol: string): Promise<unknown> =>
  ((await get(system.url, `/api/v2/symbols/${symbol}`, system.adminToken)).body as { name?: string }).name;
const postNames = (body: Buffer | string, query = ''): Promise<Reply> =>
  postCsv(system.url, `/api/v2/batch/symbols${query}`, body, system.adminToken);
const named = (change: (name: string) => string): string =>
  names.reduce((text, name) => text.replace(name, change(name)), list);

describe('a list of names', () => {
  it('a list of names is stored exactly from GB18030, by batch and by upload, and says how it was encoded', async () => {
    const batch = await postNames(gb18030Bytes(list));
    expect([batch.status, batch.body]).toMatchObject([
      200,
      { encoding: 'gb18030', summary: { inserted: names.length } },
    ]);
    for (const [n, name] of names.entries()) expect(await nameOf(symbolOf(n))).toBe(name);
    const renamed = named((name) => `${name}新`);
    const reply = await upload(system, gb18030Bytes(renamed), 'kind=symbols');
    const operation = await ended(system, reply.headers.get('location'));
    expect(operation).toMatchObject({ status: 'succeeded', result: { encoding: 'gb18030' } });
    for (const [n, name] of names.entries()) expect(await nameOf(symbolOf(n))).toBe(`${name}新`);
  });

  it('a list of names is stored exactly from UTF-16 and as a whole with on_error=abort', async () => {
    const text = named((name) => `${name}二`).replaceAll('\n', '\r');
    const reply = await postNames(Buffer.from(`\uFEFF${text}`, 'utf16le'), '?on_error=abort');
    expect([reply.status, reply.body]).toMatchObject([200, { encoding: 'utf-16le' }]);
    for (const [n, name] of names.entries()) expect(await nameOf(symbolOf(n))).toBe(`${name}二`);
  });

  it('never becomes U+FFFD: a damaged name is refused by its line, a damaged remark does no harm', async () => {
    const good = Buffer.from('symbol,name,remark\n600200.SH,浦发银行,');
    const lines = Buffer.concat([good, Buffer.of(0xe6, 0xb5), Buffer.from('\n600201.SH,浦'), Buffer.of(0xe6, 0xb5)]);
    const batch = await postNames(Buffer.concat([lines, Buffer.from(',\n600202.SH,浦\uFFFD,\n')]));
    expect([batch.status, batch.body]).toMatchObject([
      207,
      { encoding: 'utf-8', summary: { succeeded: 1, failed: 2 }, items: [{}, { line: 3 }, { line: 4 }] },
    ]);
    expect(await nameOf('600200.SH')).toBe('浦发银行');
    const big5 = Buffer.concat([Buffer.from('symbol,name\n600203.SH,'), Buffer.from('a578bf6eb971a454a569', 'hex')]);
    const reply = await upload(system, big5, 'kind=symbols');
    const operation = await ended(system, reply.headers.get('location'));
    expect([operation.status, await reportedLines(system, operation)]).toEqual(['failed', [2]]);
    expect(await storedRows(system, `name LIKE '%' || chr(65533) || '%'`, 'instruments')).toBe(0);
  });
});

withCases('the cases of encodings and line ends (recorded cases)', () => {
  it('01: a list that Chinese Excel saved keeps its name', async () => {
    await postNames(caseOf('01-names-gbk.csv'));
    expect(await nameOf('600000.SH')).toBe('浦发银行');
  });

  it.each(['28-line-ends-cr.csv', '28-line-ends-crcrlf.csv'])('%s is stored', async (name) => {
    const path = '/api/v2/batch/bars?register=true';
    const headers = { ...bearer(system.adminToken), 'content-type': 'text/csv' };
    const reply = await ask(system.url, path, { method: 'POST', headers, body: caseOf(name) });
    expect([reply.status, reply.body]).toMatchObject([200, { summary: { succeeded: 1 }, items: [{ line: 2 }] }]);
  });
});
