import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runsOf, standingQuestions } from './standing-runs.js';

const DAY_MS = 86_400_000;
const stamps = fc
  .uniqueArray(fc.integer({ min: 0, max: 12_000 }), { minLength: 1, maxLength: 60 })
  .map((days) => days.sort((a, b) => a - b).map((day) => day * DAY_MS));

describe('questions for what stands', () => {
  it('cover every stamp of every symbol, and none asks for too many rows', () => {
    const given = fc.array(stamps, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(given, fc.constantFrom(1, 4, 48, 257), (symbols, rowsPerDay) => {
        const runs = symbols.flatMap((own, symbol) => runsOf(String(symbol), own, rowsPerDay));
        const questions = standingQuestions(runs, rowsPerDay);
        symbols.forEach((own, symbol) => {
          for (const stamp of own) {
            const isAsked = questions.some(
              ({ symbols: names, fromMs, toMs }) => names.includes(String(symbol)) && fromMs <= stamp && stamp <= toMs,
            );
            expect(isAsked).toBe(true);
          }
        });
        for (const { symbols: names, fromMs, toMs } of questions) {
          expect(names.length * rowsPerDay * (1 + (toMs - fromMs) / DAY_MS)).toBeLessThanOrEqual(50_000 + rowsPerDay);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('questions for what stands ask once for a day of the whole market, and once for years of one symbol', () => {
    const market = Array.from({ length: 500 }, (_, symbol) => runsOf(String(symbol), [0], 1)).flat();
    expect(standingQuestions(market, 1)).toHaveLength(1);
    const years = Array.from({ length: 2_500 }, (_, day) => day * DAY_MS);
    expect(standingQuestions(runsOf('600519.SH', years, 1), 1)).toHaveLength(1);
  });
});
