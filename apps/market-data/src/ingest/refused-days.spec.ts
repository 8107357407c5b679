import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ids, lines, read } from '../../test/read-minutes.js';
import { readBarBlock } from './bar-block.js';
import type { SymbolIds } from './read/bar-symbols.js';
import { recordedCases } from '@mystocks/testing';

describe('a bar that is refused', () => {
  const daily = 'code,exchange,date,open,high,low,close,volume';
  const refusedOf = (...rows: readonly string[]): unknown[] =>
    read(
      rows.map((row) => `${row},10,11,9,10,100`),
      1,
      { header: daily, timeframe: '1Day' },
    ).refused.map(({ line, message }) => [line, message]);

  it('stands on a closed day, a holiday or a weekend, before 2007 too', () => {
    expect(
      refusedOf(
        '600000,SSE,2024-10-01',
        '600000,SSE,2024-09-30',
        '600000,SSE,2024-06-15',
        '000001,SZSE,2024-02-09',
        '600000,SSE,2000-05-01',
        '600000,SSE,1991-04-06',
        '000001,SZSE,1991-04-06',
        '000001,SZSE,1992-02-02',
        '000001,SZSE,1994-04-09',
      ),
    ).toEqual([
      [2, '2024-10-01 is not a trading day of SSE'],
      [4, '2024-06-15 is not a trading day of SSE'],
      [5, '2024-02-09 is not a trading day of SZSE'],
      [6, '2000-05-01 is not a trading day of SSE'],
      [7, '1991-04-06 is not a trading day of SSE'],
      [10, '1994-04-09 is not a trading day of SZSE'],
    ]);
  });

  it('stands on a closed day, in every frame', () => {
    const { refused, minute } = read(lines([571, 572], '2024-06-10'), 1);
    expect(minute.size).toBe(0);
    expect(refused.map(({ code, message }) => [code, message])).toEqual([
      [1204, '2024-06-10 is not a trading day of SSE'],
      [1204, '2024-06-10 is not a trading day of SSE'],
    ]);
  });

  const itWithCases = existsSync(recordedCases) ? it : it.skip;
  itWithCases.each([
    ['37-closed-days.csv', [2, 3], 3],
    ['34-stamped-at-start-30min.csv', [2, 3, 4, 5, 6, 7, 8, 9], 8],
    ['one_bar_a_day.csv', [], 2],
  ])('is named by its line in the case %s (skipped where the recorded cases are not there)', (name, refused, total) => {
    const [header = '', ...body] = readFileSync(new URL(name, recordedCases), 'utf8').trimEnd().split('\n');
    const known = new Map([
      ...ids,
      ...['600519.SH', '609306.SH'].map((symbol) => [symbol, ids.get('688981.SH')] as const),
    ]);
    const timeframe = name.startsWith('37') ? '1Day' : name.startsWith('34') ? '30Min' : '15Min';
    const request = { body: Buffer.from(body.join('\n')), format: 'csv', header, first_line: 2, timeframe } as const;
    const block = readBarBlock(
      { ...request, on_error: 'continue', want_items: false, register: false },
      { ids: known as SymbolIds, nowMs: Date.parse('2026-11-22T12:00:00Z') },
    );
    expect([block.refused.map(({ line }) => line), block.total]).toEqual([refused, total]);
  });
});
