import { Failure, type IngestRequest } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import type { Instrument } from '../instruments/instruments.repository.js';
import { readFactors, type FactorBlock } from './factor-lines.js';

const NOW = Date.parse('2024-06-20T10:00:00+08:00');
const find = (alias: string): Promise<Instrument | undefined> => {
  if (alias === '000001') return Promise.reject(new Failure('conflict', 'two', { problem: 'SYMBOL_AMBIGUOUS' }));
  if (alias === 'Moutai') return Promise.reject(new Failure('invalid', 'none', { problem: 'SYMBOL_INVALID_FORMAT' }));
  const kind = alias === '000300.SH' ? 'index' : 'stock';
  const known = { id: 7, symbol: alias, kind };
  return Promise.resolve(alias.startsWith('9') ? undefined : (known as unknown as Instrument));
};
const common = { first_line: 2, on_error: 'continue', want_items: true } as const;
const csv = (header: string, ...lines: string[]): Promise<FactorBlock> => {
  const request: IngestRequest = { ...common, format: 'csv', header, body: Buffer.from(`${lines.join('\n')}\n`) };
  return readFactors(request, find, NOW);
};
const json = (...items: object[]): Promise<FactorBlock> => {
  const body = Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  return readFactors({ ...common, first_line: 1, format: 'ndjson', body }, find, NOW);
};
const HEADER = 'code,exchange,ex_date,factor';

describe('factors by ex-date', () => {
  it('factors by ex-date are read by value, whatever their spelling, from CSV and JSON alike', async () => {
    const [given, noisy] = [{ id: 7, symbol: '601318.SH', day: '2024-06-19', factor: '2.5' }, '1.0164835164835164'];
    const lines = await csv(
      HEADER,
      '601318,SSE,2024-06-19,2.50',
      '601318,SSE,2024-06-19,2.5e0',
      `601318,SSE,2024-06-19,${noisy}`,
    );
    expect(lines.lines.map((line) => line.given)).toEqual([given, given, { ...given, factor: '1.0164835165' }]);
    expect(lines.rounded).toBe(1);
    const items = await json(
      { symbol: '601318.SH', ex_date: '2024-06-19', factor: 2.5 },
      { code: '601318', exchange: 'SSE', ex_date: '2024-06-19', factor: '2.500' },
    );
    expect(items.lines.map((line) => [line.line, line.id, line.given])).toEqual([
      [1, '601318.SH 2024-06-19', given],
      [2, '601318.SH 2024-06-19', given],
    ]);
  });

  it.each([
    ['601318,SSE,2024-06-19,0', 'factor must be a decimal'],
    ['601318,SSE,2024-06-19,-1', 'factor must be a decimal'],
    ['601318,SSE,2024-06-19,', 'factor must be a decimal'],
    ['601318,SSE,2024-06-19,0.0000000000123', 'factor must be a decimal'],
    ['601318,SSE,2024-06-19,NaN', 'factor must be a decimal'],
    ['601318,SSE,2024-06-31,1', 'ex_date must be a real day'],
    ['601318,SSE,20240619,1', 'ex_date must be a real day'],
    ['601318,SSE,2026-06-19,1', 'ex_date is more than a year ahead'],
    ['999999,SSE,2024-06-19,1', 'There is no such instrument'],
    ['000300,SSE,2024-06-19,1', 'not for indexes'],
    ['IDX000300,SSE,2024-06-19,1', 'not for indexes'],
    ['60131,SSE,2024-06-19,1', 'code must be six digits'],
    ['601318,NYSE,2024-06-19,1', 'exchange must be SSE'],
    ['601318,SSE,2024-06-19', 'more or fewer columns'],
  ])('factors by ex-date are refused by line: %s', async (line, reason) => {
    const { lines } = await csv(HEADER, line, '601318,SSE,2024-06-19,1');
    expect(lines[0]?.refusal?.message).toContain(reason);
    expect(lines[0]?.line).toBe(2);
    expect(lines[1]?.refusal).toBeUndefined();
  });

  it('factors by ex-date are refused where a symbol is none, or names two instruments', async () => {
    const { lines } = await csv('symbol,ex_date,factor', '000001,2024-06-19,1', 'Moutai,2024-06-19,1');
    expect(lines.map(({ refusal }) => refusal?.code)).toEqual([1107, 1102]);
  });

  it('factors by ex-date may be announced before their day', async () => {
    expect((await csv(HEADER, '601318,SSE,2024-07-01,1')).lines[0]?.refusal).toBeUndefined();
  });

  it('factors by ex-date need their columns, and name those that are ignored', async () => {
    await expect(csv('code,exchange,date,factor', '')).rejects.toThrow('The header lacks ex_date');
    await expect(csv('ex_date,factor', '')).rejects.toThrow('The header lacks code and exchange (or symbol)');
    expect((await csv(`${HEADER},source`, '601318,SSE,2024-06-19,1,x')).ignored).toEqual(['source']);
  });
});
