import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Pace, type Time } from './pace.js';

/** A clock that stands still until something sleeps; it may be read late, never early. */
function virtualTime(): Time & { nowMs: number } {
  const time = {
    nowMs: 0,
    now: () => time.nowMs,
    sleep: (ms: number) => {
      time.nowMs += ms;
      return Promise.resolve();
    },
  };
  return time;
}

describe('the pace of a warm-up', () => {
  it('never lets more through in any second than it was told, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 300 }),
        async (perSecond, busyMs) => {
          const time = virtualTime();
          const pace = new Pace(perSecond, time);
          const askedAtMs: number[] = [];
          for (const ms of busyMs) {
            await pace.ready();
            pace.asks();
            askedAtMs.push(time.nowMs);
            time.nowMs += ms;
          }
          askedAtMs.forEach((from, index) => {
            const within = askedAtMs.slice(index).filter((at) => at < from + 1_000).length;
            expect(within).toBeLessThanOrEqual(perSecond);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('uses what it is allowed: 50 a second take 4 seconds for 200', async () => {
    const time = virtualTime();
    const pace = new Pace(50, time);
    for (let asked = 0; asked < 200; asked += 1) {
      await pace.ready();
      pace.asks();
    }
    expect(time.nowMs).toBe(199 * 20);
  });

  it('rests longer with every refusal in a row, and no longer than eight seconds', async () => {
    const time = virtualTime();
    const pace = new Pace(50, time);
    const rests: number[] = [];
    const rest = async (): Promise<void> => {
      const before = time.nowMs;
      pace.overloaded();
      await pace.ready();
      rests.push(time.nowMs - before);
    };
    for (let refusal = 0; refusal < 5; refusal += 1) await rest();
    pace.answered();
    await rest();
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 1_000]);
  });
});
