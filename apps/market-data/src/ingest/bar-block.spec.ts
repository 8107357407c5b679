import { describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest } from '@mystocks/contracts';
import { readBarBlock, type BarBlock } from './bar-block.js';
import type { SymbolIds } from './read/bar-symbols.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount,pre_close,adj_factor,trade_status';
const GOOD = '600519,SSE,2024-06-14,10.10,11,9.5,10.2,100,1010.5,10,1.000000,1';
const ids: SymbolIds = new Map([
  ['600519.SH', { id: 7, kind: 'stock', status: 'listed' }],
  ['000001.SH', { id: 8, kind: 'index', status: 'listed' }],
  ['000001.SZ', { id: 9, kind: 'stock', status: 'listed' }],
]);
const nowMs = Date.parse('2026-11-22T12:00:00Z');

function csv(body: string, more: Partial<IngestBarsRequest> = {}): BarBlock {
  const request = {
    body: Buffer.from(body),
    format: 'csv',
    header: HEADER,
    first_line: 2,
    on_error: 'continue',
    want_items: false,
    register: false,
  } as const;
  return readBarBlock({ ...request, ...more }, { ids, nowMs });
}
const json = (...items: unknown[]): BarBlock =>
  csv(items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n'), {
    format: 'ndjson',
    first_line: 1,
  });
const reason = (block: BarBlock): string => block.refused.map(({ message }) => message).join();
/** The good line with one value changed. */
const withValue = (column: string, value: string): string =>
  GOOD.split(',')
    .map((old, at) => (HEADER.split(',')[at] === column ? value : old))
    .join(',');

describe('a CSV block', () => {
  it('becomes rows with the digits of the file', () => {
    const block = csv(`${GOOD}\r\n`);
    expect(block.refused).toEqual([]);
    expect(block.daily.copyText().toString()).toBe(
      '7\t2024-06-14\t10.10\t11\t9.5\t10.2\t100\t1010.5\t10\t1.000000\t1\n',
    );
  });

  it('stores the good lines around a bad one and names the bad one', () => {
    const block = csv([GOOD, withValue('high', '9'), withValue('date', '2024-06-17')].join('\n'));
    expect(block.daily.size).toBe(2);
    expect(block.refused).toEqual([
      { line: 3, id: '600519 SSE 2024-06-14', status: 422, code: 1001, message: 'high is below open, close or low' },
    ]);
  });

  it.each([
    ['code', '60051', 'six digits'],
    ['code', '６００５１９', 'six digits'],
    ['code', "600519'; DROP", 'six digits'],
    ['exchange', 'NYSE', 'SSE, SZSE or BSE'],
    ['code', '600000', 'no such instrument'],
    ['date', '2024-06-31', 'real day'],
    ['date', '9999-99-99', 'real day'],
    ['date', '1990-12-18', '1990-12-19'],
    ['date', '2026-11-23', 'future'],
    ['open', 'ten', 'decimals'],
    ['open', '-10', 'decimals'],
    ['open', '10.1234567', '6 decimals'],
    ['close', '', 'decimals'],
    ['low', '0', 'above 0'],
    ['low', '10.15', 'low is above'],
    ['high', '10.15', 'high is below'],
    ['volume', '', 'volume is empty'],
    ['volume', '1.5', 'whole number'],
    ['volume', '-1', 'whole number'],
    ['amount', '-1', 'amount'],
    ['pre_close', '0', 'pre_close'],
    ['adj_factor', '0.000', 'adj_factor'],
    ['trade_status', '2', 'trade_status'],
  ])('refuses %s = %j', (column, value, why) => {
    const block = csv(withValue(column, value));
    expect(block.daily.size).toBe(0);
    expect(reason(block)).toContain(why);
  });

  it('lets optional values be empty', () => {
    const block = csv('600519,SSE,2024-06-14,10,11,9,10,0,,,,');
    expect(block.daily.copyText().toString()).toBe(String.raw`7	2024-06-14	10	11	9	10	0	\N	\N	\N	\N` + '\n');
  });

  it('refuses lines with more or fewer columns and quotes that never close', () => {
    expect(reason(csv(`${GOOD},1`))).toContain('columns');
    expect(reason(csv('600519,SSE'))).toContain('columns');
    expect(reason(csv(`"${GOOD}`))).toContain('quoted');
  });

  it('reads indexes, symbols, quoted values and columns in any order', () => {
    const header = '\uFEFFVolume,symbol,close,low,high,open,date,"name"';
    const block = csv('5,000001.XSHG,3,1,4,2,2024-06-14,"Composite, Index"', { header });
    expect(block.daily.copyText().toString()).toContain('8\t2024-06-14\t2\t4\t1\t3\t5\t');
    expect(block.ignored).toEqual(['name']);
  });

  it('does not choose between two instruments of one code', () => {
    expect(reason(csv('5,000001,3,1,4,2,2024-06-14', { header: 'volume,symbol,close,low,high,open,date' }))).toContain(
      'more than one',
    );
  });

  it.each([
    'open,high,low,close,volume,date',
    'code,exchange,open,high,low,close,volume',
    'code,exchange,date,open,high,low,close',
    `${HEADER},open`,
  ])('refuses the header %j as a whole', (header) => {
    expect(() => csv(GOOD, { header })).toThrow(/header/);
  });
});

describe('minute bars', () => {
  const header = 'code,exchange,date,time,open,high,low,close,volume,amount';
  const line = (time: string): string => `600519,SSE,2024-06-14,${time},10,11,9,10,100,1000`;

  it('minute bars are stamped with their end', () => {
    const block = csv(line('09:31:00'), { header, timeframe: '1Min' });
    expect(block.minute.copyText().toString()).toBe('7\t1\t2024-06-14 09:31\t10\t11\t9\t10\t100\t1000\n');
  });

  it('minute bars need their frame, and stand on its grid', () => {
    expect(reason(csv(line('09:31:00'), { header }))).toContain('timeframe');
    expect(reason(csv(line('09:31:00'), { header, timeframe: '5Min' }))).toContain('frame');
    expect(reason(csv(line('12:00:00'), { header, timeframe: '1Min' }))).toContain('09:30-11:30');
    expect(reason(csv(line('25:00:00'), { header, timeframe: '1Min' }))).toContain('time');
    expect(reason(csv(line('15:00:00'), { header, timeframe: '1Day' }))).toContain('no time');
    expect(reason(csv(GOOD, { timeframe: '1Min' }))).toContain('needs its time');
  });
});

describe('an NDJSON block', () => {
  const bar = {
    symbol: '600519.SH',
    t: '2024-06-14T00:00:00+08:00',
    o: 10.1,
    h: 11,
    l: 9.5,
    c: 10.2,
    v: 100,
    amt: 1010.5,
  };

  it('takes wire names and column names, numbers and exact text', () => {
    const columns = {
      code: '600519',
      exchange: 'SSE',
      date: '2024-06-14',
      open: '10.10',
      high: 11,
      low: 9.5,
      close: 10.2,
      volume: 100,
    };
    expect(json(bar).daily.copyText().toString()).toBe(
      '7\t2024-06-14\t10.1\t11\t9.5\t10.2\t100\t1010.5\t\\N\t\\N\t\\N\n',
    );
    expect(json(columns).daily.copyText().toString()).toContain('\t10.10\t');
    expect(json({ ...bar, t: '2024-06-14' }).daily.size).toBe(1);
  });

  it.each([
    ['open', '10.1000000000000000001', '10.1'],
    ['open', '10.09999999999999964473', '10.1'],
    ['amount', '1010.50000000000000000001', '1010.5'],
    ['amount', '123456789012.3451234567', '123456789012.345'],
    ['volume', '100.0000000000000000000', '100'],
  ])('judges a number of more digits than a double keeps as CSV does: %s %s', (column, value, stored) => {
    const names = { symbol: '"600519.SH"', t: '"2024-06-14"', open: '10', high: '11', low: '9.5', close: '10.2' };
    const given = { ...names, volume: '100', amount: '1010.5', [column]: value };
    const body = `{${Object.entries(given)
      .map(([name, text]) => `"${name}":${text}`)
      .join(',')}}`;
    for (const block of [json(body), csv(withValue(column, value))]) {
      const cells = block.daily.size === 0 ? [] : block.daily.cells(0);
      expect([cells[HEADER.split(',').indexOf(column) - 1], block.remarks.rounded]).toEqual([
        stored,
        column === 'volume' ? undefined : 1,
      ]);
    }
  });

  it('reads minute bars in any zone', () => {
    const rows = [
      json({ ...bar, timeframe: '1Min', t: '2024-06-14T01:31:00Z' }),
      json({ ...bar, timeframe: '1Min', t: '2024-06-14T09:31:00+08:00' }),
      json({ ...bar, timeframe: '1Min', t: '2024-06-14T09:31:00.0000000+08:00' }),
      json({ ...bar, timeframe: '1Min', t: `2024-06-14T01:31:00.${'0'.repeat(30)}Z` }),
      json({ ...bar, timeframe: '1Min', t: '2024-06-14t01:31:00z' }),
    ];
    for (const block of rows) expect(block.minute.copyText().toString()).toContain('2024-06-14 09:31');
  });

  it.each([
    ['not JSON', '{"symbol"', 'JSON object'],
    ['a list', '[1]', 'JSON object'],
    ['null', 'null', 'JSON object'],
    ['an unknown field', { ...bar, x: 1 }, 'x is no field'],
    ['a prototype', '{"__proto__":{"a":1}}', '__proto__ is no field'],
    ['both names of a field', { ...bar, open: 1 }, 'twice'],
    ['a number for a symbol', { ...bar, symbol: 600_519 }, 'wrong type'],
    ['a flag for a price', { ...bar, o: true }, 'wrong type'],
    ['too many digits', { ...bar, amt: 123_456_789_012.12_345 }, 'exactly'],
    ['an exponent', { ...bar, o: 1e-7 }, 'decimals'],
    ['a wrong frame', { ...bar, timeframe: '2Min' }, 'timeframe'],
    ['a part of a second', { ...bar, timeframe: '1Min', t: '2024-06-14T09:31:00.0000001+08:00' }, 'whole minute'],
    ['a stamp without a zone', { ...bar, t: '2024-06-14T00:00:00' }, 'time'],
    ['no stamp', { symbol: '600519', o: 1, h: 1, l: 1, c: 1, v: 1 }, 'date'],
    ['no price', { symbol: '600519', t: '2024-06-14' }, 'decimals'],
  ])('refuses %s', (_, item, why) => {
    const block = json(item, bar);
    expect(block.refused).toHaveLength(1);
    expect(reason(block)).toContain(why);
    expect(block.daily.size).toBe(1);
  });

  it.each([
    ['o', '"o":10,"o":20'],
    ['symbol', '"symbol":"600519.SH","o":10'],
    ['o', String.raw`"\u006f" : 10, "o":20`],
    ['open', '"o":null,"open":20'],
    ['v', '"o":1,"volume":0'],
    ['x', '"o":10,"x":1,"x":2'],
    ['t', '"o":10,"t":"2024-06-14"'],
  ])('refuses a line in which %s is given twice, and names it', (name, keys) => {
    const rest = JSON.stringify({ symbol: '600519.SH', t: '2024-06-14', h: 30, l: 9, c: 10, v: 1 });
    const block = json(`{${keys},${rest.slice(1)}`, bar);
    expect(block.refused).toMatchObject([{ line: 1, status: 400, message: `${name} is given twice` }]);
    expect(block.daily.size).toBe(1);
  });

  it('takes a value that looks like a key for a value', () => {
    expect(reason(json(`{"symbol":"\\"o\\":","o":1,"h":1,"l":1,"c":1,"v":1,"t":"2024-06-14"}`))).toContain('symbol');
  });

  it('numbers its lines and skips empty ones', () => {
    expect(json(bar, '', 'x').refused[0]?.line).toBe(3);
  });
});
