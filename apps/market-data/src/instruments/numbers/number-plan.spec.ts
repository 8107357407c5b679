import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { exchanges, type Exchange } from '@mystocks/contracts';
import { isAlsoNoIndex, plannedKind } from './number-plan.js';
import { recordedData } from '@mystocks/testing';

/** Exchange and code of every instrument that the files about China name. */
function namedIn(folder: URL): Set<string> {
  const named = new Set<string>();
  for (const name of readdirSync(folder).filter((file) => /^cn_.*\.csv/.test(file))) {
    const bytes = readFileSync(new URL(name, folder));
    const [header = '', ...lines] = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n');
    if (!header.startsWith('code,exchange,')) continue;
    for (const line of lines) named.add(line.slice(0, line.indexOf(',', line.indexOf(',') + 1)));
  }
  return named;
}

describe('the number plans of the exchanges', () => {
  it.each([
    ['SSE', '600519', 'stock'],
    ['SSE', '609301', 'stock'],
    ['SSE', '688981', 'stock'],
    ['SSE', '900901', 'stock'],
    ['SSE', '000300', 'index'],
    ['SSE', '510300', 'fund'],
    ['SSE', '588000', 'fund'],
    ['SSE', '113050', 'bond'],
    ['SSE', '019547', 'bond'],
    ['SSE', '204001', 'bond'],
    ['SZSE', '000001', 'stock'],
    ['SZSE', '001979', 'stock'],
    ['SZSE', '300750', 'stock'],
    ['SZSE', '201872', 'stock'],
    ['SZSE', '399006', 'index'],
    ['SZSE', '159915', 'fund'],
    ['SZSE', '161725', 'fund'],
    ['SZSE', '123001', 'bond'],
    ['SZSE', '140001', 'stock'],
    ['BSE', '430047', 'stock'],
    ['BSE', '830799', 'stock'],
    ['BSE', '872925', 'stock'],
    ['BSE', '920008', 'stock'],
    ['BSE', '899050', 'index'],
  ] as const)('the number plans of the exchanges give %s the code %s for a %s', (exchange, code, kind) => {
    expect(plannedKind(exchange, code)).toBe(kind);
  });

  it.each([
    ['SSE', '999999'],
    ['SSE', '300750'],
    ['SSE', '700519'],
    ['SZSE', '600519'],
    ['SZSE', '601318'],
    ['SZSE', '888888'],
    ['BSE', '600519'],
    ['BSE', '000001'],
  ] as const)('the number plans of the exchanges give %s no code %s', (exchange, code) => {
    expect(plannedKind(exchange, code)).toBeUndefined();
  });

  it('the number plans of the exchanges do not count a range before the day on which it begins', () => {
    expect(plannedKind('BSE', '920008', '2024-04-21')).toBeUndefined();
    expect(plannedKind('BSE', '920008', '2024-04-22')).toBe('stock');
  });

  it('the number plans of the exchanges tell a number that is an index everywhere from one that is also a stock', () => {
    expect([isAlsoNoIndex('000001'), isAlsoNoIndex('399001'), isAlsoNoIndex('899050')]).toEqual([true, false, false]);
  });

  (existsSync(recordedData) ? it : it.skip)('have a place for every code of the real files (recorded data)', () => {
    const named = [...namedIn(recordedData)].filter((one) => one !== '').map((one) => one.split(','));
    expect(named.length).toBeGreaterThan(5_000);
    const unknown = named.filter(([code = '', exchange = '']) => {
      if (!exchanges.includes(exchange as Exchange)) return true;
      const kind = plannedKind(exchange as Exchange, code.slice(-6));
      return code.startsWith('IDX') ? kind !== 'index' : kind === undefined;
    });
    expect(unknown).toEqual([]);
  });
});
