import { nextActivity, nextPhaseChange, phaseAt } from '@mystocks/calendar';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barsLifetime, quotesLifetime } from './lifetimes.js';

const china = (text: string): number => Date.parse(`${text}+08:00`);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const anInstant = fc.integer({ min: china('2007-01-01T00:00:00'), max: china('2026-12-20T00:00:00') });
const moves = (ms: number): boolean => !['closed', 'lunch'].includes(phaseAt(ms));

describe('quotes are kept', () => {
  it.each([
    ['three seconds while they move', '2024-06-14T10:00:00', 3_000],
    ['to the end of a phase', '2024-06-14T11:29:59.500', 500],
    ['from lunch to 13:00', '2024-06-14T11:30:00', 90 * MINUTE_MS],
    ['from the close to 09:15', '2024-06-13T15:00:00', 18.25 * HOUR_MS],
    ['over a weekend', '2024-06-14T15:00:00', (48 + 18.25) * HOUR_MS],
    ['over the Spring Festival', '2024-02-08T15:00:00', (10 * 24 + 18.25) * HOUR_MS],
    ['a last millisecond', '2024-06-14T09:14:59.999', 1],
    ['a second on a provisional day', '2099-01-05T10:00:00', 1_000],
    ['a second where a provisional day comes next', '2026-12-31T20:00:00', 1_000],
  ])('%s', (_, at, ttl_ms) => {
    expect(quotesLifetime(china(at))).toEqual({ ttl_ms });
  });
});

describe('bars are kept', () => {
  it.each([
    ['half an hour while the market moves', '2024-06-14T10:00:00', { ttl_ms: 30 * MINUTE_MS, swr_ms: 10_000 }],
    ['to lunch', '2024-06-14T11:20:00', { ttl_ms: 10 * MINUTE_MS, swr_ms: 10_000 }],
    ['from lunch to 13:00, then they are asked for', '2024-06-14T12:00:00', { ttl_ms: HOUR_MS }],
    ['from the close to 09:15', '2024-06-13T15:00:00', { ttl_ms: 18.25 * HOUR_MS }],
    ['a minute on a provisional day', '2099-01-05T10:00:00', { ttl_ms: MINUTE_MS, swr_ms: 10_000 }],
  ])('%s', (_, at, lifetime) => {
    expect(barsLifetime(china(at))).toEqual(lifetime);
  });
});

describe.each([
  ['quotes', quotesLifetime],
  ['bars', barsLifetime],
])('a lifetime of %s', (_, lifetime) => {
  it('ends where the phase does, where the market moves again, and before prices are called live too long', () => {
    fc.assert(
      fc.property(anInstant, fc.integer({ min: 0, max: 20_000 }), (now, liveMs) => {
        const { ttl_ms } = lifetime(now);
        expect(ttl_ms).toBeGreaterThan(0);
        if (moves(now)) expect(now + ttl_ms).toBeLessThanOrEqual(nextPhaseChange(now));
        else expect(now + ttl_ms).toBe(nextActivity(now));
        expect(lifetime(now, now + liveMs).ttl_ms).toBe(Math.min(ttl_ms, liveMs));
      }),
    );
  });
});
