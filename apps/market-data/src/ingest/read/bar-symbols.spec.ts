import { describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest } from '@mystocks/contracts';
import { readBarBlock, type BarBlock } from '../bar-block.js';
import type { SymbolIds } from './bar-symbols.js';

const ids: SymbolIds = new Map([
  ['600519.SH', { id: 7, kind: 'stock', status: 'listed' }],
  ['600519.SZ', { id: 6, kind: 'stock', status: 'unlisted' }],
  ['600001.SH', { id: 5, kind: 'stock', status: 'delisted' }],
  ['600001.SZ', { id: 4, kind: 'stock', status: 'unlisted' }],
  ['000001.SH', { id: 8, kind: 'index', status: 'listed' }],
  ['000001.SZ', { id: 9, kind: 'stock', status: 'listed' }],
  ['399001.SZ', { id: 10, kind: 'index', status: 'listed' }],
  ['510300.SH', { id: 11, kind: 'fund', status: 'listed' }],
]);

const nowMs = Date.parse('2026-11-30T12:00:00Z');
const rest = { first_line: 2, on_error: 'continue', want_items: false, register: true } as const;

function readWith(known: SymbolIds, more: Partial<IngestBarsRequest>, header: string, ...lines: string[]): BarBlock {
  const body = Buffer.from(lines.map((line) => `${line},2024-06-14,10,11,9,10,100`).join('\n'));
  const named = header === '' ? '' : `${header},`;
  const request = { ...rest, format: 'csv', body, header: `${named}date,open,high,low,close,volume`, ...more } as const;
  return readBarBlock(request, { ids: known, nowMs });
}
const read = (header: string, ...lines: string[]): BarBlock => readWith(ids, {}, header, ...lines);
const byCode = (...lines: string[]): BarBlock => read('code,exchange', ...lines);
const bySymbol = (...lines: string[]): BarBlock => read('symbol', ...lines);
const instruments = ({ daily }: BarBlock): number[] =>
  daily
    .copyText()
    .toString()
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => Number(row.split('\t')[0]));
const reasons = ({ refused }: BarBlock): string[] => refused.map(({ message }) => message);

describe('the instruments that lines of bars name', () => {
  it('lets IDX meet an index and a plain code a stock, and names the other lines', () => {
    const block = byCode('IDX000001,SSE', '000001,SZSE', 'IDX000001,SZSE', 'IDX600519,SSE', '000001,SSE');
    expect(instruments(block)).toEqual([8, 9]);
    expect(block.refused.map(({ line, status }) => [line, status])).toEqual([
      [4, 422],
      [5, 422],
      [6, 422],
    ]);
    expect(reasons(block)).toEqual([
      'IDX says index, but 000001.SZ is a stock',
      'IDX says index, but 600519.SH is a stock',
      expect.stringContaining('write the code as IDX000001'),
    ]);
  });

  it('accepts an index without IDX where the number means nothing else, and a fund as what it is', () => {
    expect(instruments(byCode('399001,SZSE', '510300,SSE'))).toEqual([10, 11]);
  });

  it('takes a symbol for exactly the instrument that it names', () => {
    expect(instruments(bySymbol('000001.SH', '000001.SZ', 'SH600519', '600519.XSHE'))).toEqual([8, 9, 7, 6]);
  });

  it('gives a bare code to the listed instrument, and to none where several are equal', () => {
    const block = bySymbol('600519', '600001', '000001', '600002');
    expect(instruments(block)).toEqual([7]);
    expect(block.refused.map(({ line, status }) => [line, status])).toEqual([
      [3, 409],
      [4, 409],
      [5, 404],
    ]);
    expect(block.unknown.size).toBe(0);
  });

  it('offers for registration only what the exchange can have, with the kind of its number', () => {
    const block = byCode('600036,SSE', '920008,BSE', 'IDX000300,SSE', '399006,SZSE', '159915,SZSE', '123001,SZSE');
    expect([...block.unknown.values()].map(({ symbol, kind }) => [symbol, kind])).toEqual([
      ['600036.SH', 'stock'],
      ['920008.BJ', 'stock'],
      ['000300.SH', 'index'],
      ['399006.SZ', 'index'],
      ['159915.SZ', 'fund'],
      ['123001.SZ', 'bond'],
    ]);
  });

  it.each([
    ['601318,SZSE', 'SZSE has no code 601318, but SSE may have it'],
    ['999999,SSE', 'SSE has no code 999999. If it is right, name it in an instrument list first'],
    ['IDX600036,SSE', 'IDX says index, but 600036.SH is a stock'],
    ['IDX000002,SZSE', 'IDX says index, but 000002.SZ is a stock'],
    ['000300,SSE', 'write the code as IDX000300'],
  ])('does not offer %s for registration and says why', (line, why) => {
    const block = byCode(line);
    expect(block.unknown.size).toBe(0);
    expect(reasons(block)).toEqual([expect.stringContaining(why)]);
  });

  it('does not offer a symbol with the wrong exchange for registration', () => {
    const block = bySymbol('601318.SZ', '601318.SH');
    expect([...block.unknown.keys()]).toEqual(['601318.SH']);
    expect(reasons(block)[0]).toContain('SZSE has no code 601318');
  });

  it('gives a bare code to an index only where the number means nothing else', () => {
    const indexes: SymbolIds = new Map([...ids].filter(([, { kind }]) => kind === 'index'));
    const block = readWith(indexes, {}, 'symbol', '000001', '399001', '000001.SH');
    expect(instruments(block)).toEqual([10, 8]);
    expect(block.refused).toMatchObject([{ line: 2, status: 422 }]);
    expect(reasons(block)).toEqual([expect.stringContaining('000001.SH is an index')]);
    const given = { symbol: '000001', body: Buffer.from('2024-06-14,10,11,9,10,100') };
    expect(reasons(readWith(indexes, given, ''))).toEqual([expect.stringContaining('000001.SH is an index')]);
  });

  it('does not give a bare code to the listed index where the stock of that code is delisted', () => {
    const known: SymbolIds = new Map([
      ['000003.SH', { id: 1, kind: 'index', status: 'listed' }],
      ['000003.SZ', { id: 2, kind: 'stock', status: 'delisted' }],
    ]);
    expect(reasons(readWith(known, {}, 'symbol', '000003'))).toEqual([expect.stringContaining('is an index')]);
  });
});

describe('the instrument that a request names for a file', () => {
  const symbol = '600519.SH';

  it('the instrument that a request names for a file is that of the lines of a file without a column that names instruments', () => {
    const body = Buffer.from('2024-06-14,10,11,9,10,100');
    expect(instruments(readWith(ids, { symbol, body }, ''))).toEqual([7]);
  });

  it.each([
    ['code,exchange', ',', '000001,SZSE', 9],
    ['code,exchange', ' , ', '000001,SZSE', 9],
    ['symbol', '', '000001.SZ', 9],
    ['symbol', '   ', '000001.SZ', 9],
    ['symbol,code,exchange', ',,', '000001.SZ,,', 9],
  ])(
    'the instrument that a request names for a file is not that of a line whose %s are empty: %j',
    (header, empty, full, id) => {
      const block = readWith(ids, { symbol }, header, empty, full);
      expect(instruments(block)).toEqual([id]);
      expect(block.refused).toMatchObject([{ line: 2, status: 400 }]);
    },
  );

  it('the instrument that a request names for a file is not that of a line of another source whose code is empty', () => {
    const body = Buffer.from(',20240614,10,11,9,10,100\n000001.SZ,20240614,10,11,9,10,100');
    const block = readWith(ids, { symbol, body, header: 'ts_code,trade_date,open,high,low,close,vol' }, '');
    expect(instruments(block)).toEqual([9]);
    expect(block.refused).toMatchObject([{ line: 2, status: 400 }]);
  });

  it('the instrument that a request names for a file is that of the NDJSON lines that have no key for it, and not of those whose key is empty', () => {
    const bar = { date: '2024-06-14', o: 10, h: 11, l: 9, c: 10, v: 100 };
    const lines = [bar, { ...bar, symbol: '' }, { ...bar, symbol: null }, { ...bar, code: '', exchange: '' }];
    const body = Buffer.from([...lines, { ...bar, symbol: '000001.SZ' }].map((one) => JSON.stringify(one)).join('\n'));
    const block = readWith(ids, { symbol, body, format: 'ndjson', first_line: 1 }, '');
    expect(instruments(block)).toEqual([7, 9]);
    expect(block.refused.map(({ line, status }) => [line, status])).toEqual([
      [2, 400],
      [3, 400],
      [4, 400],
    ]);
  });
});
