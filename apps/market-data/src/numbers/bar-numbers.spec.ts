import { describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest } from '@mystocks/contracts';
import fc from 'fast-check';
import { readBarBlock, type BarBlock } from '../ingest/bar-block.js';
import type { SymbolIds } from '../ingest/read/bar-symbols.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount,pre_close,adj_factor,trade_status';
const NAMES = HEADER.split(',');
const ids: SymbolIds = new Map([['600519.SH', { id: 7, kind: 'stock', status: 'listed' }]]);
const good: Readonly<Record<string, string>> = {
  code: '600519',
  exchange: 'SSE',
  date: '2024-06-14',
  open: '10',
  high: '1000000',
  low: '0.000001',
  close: '10',
  volume: '100',
  amount: '1010.5',
  pre_close: '10',
  adj_factor: '1.5',
  trade_status: '1',
};

function read(body: string, more: Partial<IngestBarsRequest> = {}): BarBlock {
  const request = {
    body: Buffer.from(body),
    format: 'csv',
    header: HEADER,
    first_line: 2,
    on_error: 'continue',
    want_items: false,
    register: false,
  } as const;
  return readBarBlock({ ...request, ...more }, { ids, nowMs: Date.parse('2026-11-22T12:00:00Z') });
}
const csv = (column: string, value: string): BarBlock =>
  read(NAMES.map((name) => (name === column ? value : good[name])).join(','));
/** `value` as it stands in JSON: a number, or text in quotes. */
function ndjson(column: string, value: string): BarBlock {
  const fields = NAMES.map((name) => `"${name}":${name === column ? value : JSON.stringify(good[name])}`);
  return read(`{${fields.join(',')}}`, { format: 'ndjson', first_line: 1 });
}
const cell = (block: BarBlock, column: string): string | undefined =>
  block.daily.size === 0 ? undefined : block.daily.cells(0)[NAMES.indexOf(column) - 1];
const reason = (block: BarBlock): string => block.refused.map(({ message }) => message).join();

describe('a number of a bar', () => {
  it.each([
    ['volume', '1200.0', '1200'],
    ['volume', '1200.00000', '1200'],
    ['volume', '1.23e+08', '123000000'],
    ['volume', '1E5', '100000'],
    ['volume', '157.00000000000003', '157'],
    ['volume', '-0.0', '0'],
    ['close', '8.530000000000001', '8.53'],
    ['close', '11.120000000000001', '11.12'],
    ['close', '8.5300000000', '8.53'],
    ['amount', '1010.5000000000001', '1010.5'],
    ['amount', '1.0105e3', '1010.5'],
    ['amount', '12345678901.230002', '12345678901.23'],
    ['pre_close', '9.999999999999998', '10'],
    ['adj_factor', '120.90876543212345', '120.9087654321'],
    ['trade_status', '1.0', '1'],
  ])(
    'a number of a bar is stored by its value: %s %s as %s, from CSV, NDJSON and text in NDJSON',
    (column, value, stored) => {
      for (const block of [csv(column, value), ndjson(column, value), ndjson(column, `"${value}"`)]) {
        expect(reason(block)).toBe('');
        expect(cell(block, column)).toBe(stored);
      }
    },
  );

  it.each([
    ['volume', '+100', '100'],
    ['volume', '000100', '000100'],
    ['volume', '100.', '100'],
    ['open', '.5', '0.5'],
    ['open', ' 10.10 ', '10.10'],
    ['volume', '" 100"', '100'],
    ['amount', 'nan', String.raw`\N`],
    ['amount', '--', String.raw`\N`],
    ['pre_close', 'None', String.raw`\N`],
    ['adj_factor', '', String.raw`\N`],
  ])('a number of a bar is read from CSV as it is written: %s %s as %s', (column, value, stored) => {
    expect(reason(csv(column, value))).toBe('');
    expect(cell(csv(column, value), column)).toBe(stored);
  });

  it.each([195, 199, 200, 5_000])(
    'a number of a bar is stored whole where %i blanks stand before and behind it',
    (count) => {
      const blanks = ' '.repeat(count);
      for (const value of [`${blanks}1500.5`, `1500.5${blanks}`, `${blanks}1500.5\t${blanks}`]) {
        expect(reason(csv('open', value))).toBe('');
        expect(cell(csv('open', value), 'open')).toBe('1500.5');
      }
    },
  );

  it.each([
    ['open', `1500.5${' '.repeat(200)}7`],
    ['open', ` "${' '.repeat(197)}1500.5"`],
    ['open', `15${'0'.repeat(300)}`],
    ['date', `2024-06-14${' '.repeat(200)}x`],
    ['exchange', `SSE${' '.repeat(200)}x`],
    ['amount', `nan${' '.repeat(200)}5`],
    ['pre_close', `10.${'0'.repeat(300)}1`],
    ['trade_status', `1${' '.repeat(200)}0`],
  ])('a number of a bar is refused, never cut, in a %s that is longer than any value', (column, value) => {
    const block = csv(column, value);
    expect(block.daily.size).toBe(0);
    expect(block.refused).toHaveLength(1);
  });

  it.each([
    ['volume', '1200.5', 'whole number of shares'],
    ['volume', '1234567890123456', '15 digits'],
    ['volume', '"1,200"', 'thousands separators'],
    ['volume', 'nan', 'volume is empty'],
    ['volume', '-', 'volume is empty'],
    ['volume', '-100', '0 or more'],
    ['volume', 'Infinity', 'whole number'],
    ['close', '10.1234567', 'at most 6 decimals'],
    ['close', '10.0000001', 'at most 6 decimals'],
    ['close', '-10', 'without sign'],
    ['close', '"8,53"', 'decimals'],
    ['close', '0.0000001', 'at most 6 decimals'],
    ['close', '12345678901', 'up to 10,000,000'],
    ['amount', '1234567890.123456', 'at most 15 digits'],
    ['amount', '-1', '0 or more'],
    ['pre_close', '10.1234567', 'at most 6 decimals'],
    ['pre_close', '0.0', 'above 0'],
    ['adj_factor', '0.00000000001', '10 of them decimals'],
    ['trade_status', '0.5', '0 or 1'],
  ])('a number of a bar is refused with its limit: %s %s', (column, value, why) => {
    const block = csv(column, value);
    expect(block.daily.size).toBe(0);
    expect(reason(block)).toContain(why);
  });

  it('a number of a bar is counted when it was rounded, and only when its line is stored', () => {
    expect(csv('close', '8.530000000000001').remarks).toMatchObject({ rounded: 1 });
    expect(csv('close', '8.5300000000').remarks.rounded).toBeUndefined();
    expect(csv('close', '80000000.530000000000001').remarks.rounded).toBeUndefined();
  });

  it('a number of a bar has the same verdict in CSV and in NDJSON', () => {
    const column = fc.constantFrom('close', 'volume', 'amount', 'pre_close', 'adj_factor');
    const value = fc.oneof(
      fc.double({ min: 0, max: 1e16, noNaN: true }),
      fc.integer({ min: 0, max: 10 ** 9 }).map((units) => units / 100),
      fc.integer({ min: 0, max: 10 ** 9 }).map((units) => units * 0.01),
      fc.integer({ min: 0, max: 10 ** 6 }).map((units) => (units / 1000) * (1 + 2 ** -51)),
    );
    fc.assert(
      fc.property(column, value, (name, number) => {
        const [ours, theirs] = [csv(name, String(number)), ndjson(name, String(number))];
        expect(cell(theirs, name)).toBe(cell(ours, name));
        expect(reason(theirs)).toBe(reason(ours));
        expect(theirs.remarks.rounded).toBe(ours.remarks.rounded);
      }),
    );
  });
});

describe('a line with blanks around its values', () => {
  it('a line with blanks around its values is read as without them', () => {
    const header = 'code, exchange, date, open, high, low, close, volume, amount';
    const block = read(
      '600519, SSE, 2022-02-08, 10, 11, 9, 10, 100, 1000\n"600519 ", "SSE",2022-02-09,10 ,11,9,10,100 ,\t1000',
      {
        header,
      },
    );
    expect(block.refused).toEqual([]);
    expect(block.daily.copyText().toString()).toBe(
      [8, 9].map((day) => `7\t2022-02-0${day}\t10\t11\t9\t10\t100\t1000\t\\N\t\\N\t\\N\n`).join(''),
    );
  });
});

describe('a quoted name of a column', () => {
  it('a quoted name of a column may have a comma, and is named as ignored', () => {
    const header = 'code,exchange,date,open,high,low,close,volume,"amount, CNY","say ""x"""';
    const block = read('600519,SSE,2022-02-07,10,11,9,10,100,1000,', { header });
    expect(block.daily.size).toBe(1);
    expect(block.ignored).toEqual(['amount, CNY', 'say "x"']);
  });
});
