import { addDays, dayStart } from '@mystocks/calendar';
import fc from 'fast-check';

const MINUTE_MS = 60_000;
const edges = [0, 9 * 60 + 15, 9 * 60 + 25, 9 * 60 + 30, 11 * 60 + 30, 13 * 60, 14 * 60 + 57, 15 * 60];

/** Instants of 2008-2026, epoch ms: half of them within seconds of where the market changes. */
export const anInstant: fc.Arbitrary<number> = fc
  .tuple(
    fc.integer({ min: 0, max: 18 * 365 }),
    fc.oneof(
      fc.integer({ min: 0, max: 24 * 60 * MINUTE_MS - 1 }),
      fc
        .tuple(fc.constantFrom(...edges), fc.integer({ min: -20_000, max: 20_000 }))
        .map(([minutes, ms]) => minutes * MINUTE_MS + ms),
    ),
  )
  .map(([day, ms]) => dayStart(addDays('2008-01-01', day)) + ms);
