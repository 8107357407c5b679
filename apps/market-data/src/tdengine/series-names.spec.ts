import { insertStatements, literal, sql } from '@mystocks/connection-pool';
import { tdengineTokensOf } from '@mystocks/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barsSeries, quotesSeries, rowsOfSeries } from './series-names.js';

const target = { stable: sql`bars`, columns: sql`ts,open` };
const symbols = ['600519.SH', '000001.SZ', '830001.BJ'];
const aSeries = fc.record({
  symbol: fc.constantFrom(...symbols),
  rows: fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 30 }),
});

describe('insert statements', () => {
  it('insert statements hold every row once, in order, each below the limit and under its own table', () => {
    fc.assert(
      fc.property(fc.array(aSeries, { maxLength: 6 }), fc.integer({ min: 200, max: 2_000 }), (given, bytesMax) => {
        const tables = given.map(({ symbol, rows }) => {
          const values = rows.map((ts) => [literal.timestamp(ts), literal.double(1.5)]);
          return rowsOfSeries(target, barsSeries(symbol, '1Day'), values);
        });
        const statements = insertStatements(tables, bytesMax);
        const found = statements.flatMap(({ text }) => {
          expect(text.length).toBeLessThanOrEqual(bytesMax);
          expect(text.startsWith('INSERT INTO bars_1day_')).toBe(true);
          return text.split(/(?=bars_1day_)/).flatMap((part) => {
            const symbol = /TAGS \('([^']+)'/.exec(part)?.[1] ?? '';
            return [...part.matchAll(/\((\d+),1\.5\)/g)].map(([, ts]) => `${symbol} ${ts ?? ''}`);
          });
        });
        expect(found).toEqual(given.flatMap(({ symbol, rows }) => rows.map((ts) => `${symbol} ${ts}`)));
      }),
    );
  });
});

describe('the names of series', () => {
  it('the names of series tell exchange, frame and kind apart', () => {
    const names = symbols.flatMap((symbol) => [
      quotesSeries(symbol).table.text,
      ...(['1Day', '1Min', '60Min'] as const).map((frame) => barsSeries(symbol, frame).table.text),
      barsSeries(symbol.replace(/^\d{6}/, '000002'), '1Day').table.text,
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(barsSeries('600519.SH', '1Day').table.text).toBe('bars_1day_sse_600519');
  });

  it('the names of series are made of symbols and of nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `600519.SH${text}x`),
        ),
        (text) => {
          expect(() => barsSeries(text, '1Day')).toThrow('names no series');
          expect(() => quotesSeries(text)).toThrow('names no series');
        },
      ),
    );
  });

  it('the names of series cannot be left by what a tag holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii' }).filter((text) => !text.includes('\0')),
        (text) => {
          const series = barsSeries('600519.SH', '1Day');
          const statementOf = (tag: string): string => {
            const rows = rowsOfSeries(target, { ...series, tags: [literal.text(tag)] }, [[literal.timestamp(1)]]);
            return insertStatements([rows])[0]?.text ?? '';
          };
          const kinds = (sqlText: string): string[] => tdengineTokensOf(sqlText).map(({ kind }) => kind);
          expect(kinds(statementOf(text))).toEqual(kinds(statementOf('x')));
        },
      ),
    );
  });
});
