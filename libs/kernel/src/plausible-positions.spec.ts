import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { AHEAD_MAX_BYTES, compareLsn, PlausiblePositions, type Lsn } from './index.js';

const lsn = (bytes: number): Lsn =>
  `${Math.floor(bytes / 2 ** 32)
    .toString(16)
    .toUpperCase()}/${(bytes % 2 ** 32).toString(16).toUpperCase()}`;
const FAR: Lsn = 'FFFFFFFF/FFFFFFFF';

let end: number;
let isAway: boolean;
let asked: number;
let found: Lsn[];
let positions: PlausiblePositions;

beforeEach(() => {
  jest.useFakeTimers();
  end = 5_000;
  isAway = false;
  asked = 0;
  found = [];
  positions = new PlausiblePositions({
    ask: () => {
      asked += 1;
      return isAway ? Promise.reject(new Error('the owner is away')) : Promise.resolve(lsn(end));
    },
    onFalse: (last) => found.push(last),
  });
});
afterEach(() => {
  positions.stop();
  jest.useRealTimers();
});
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

describe('PlausiblePositions', () => {
  it('believes what is announced up to the end of the log, and finds nothing false', async () => {
    for (let position = 1_000; position <= 5_000; position += 1_000) {
      expect(positions.accepts(lsn(position))).toBe(true);
      await pass(100);
    }
    expect(found).toEqual([]);
  });

  it('does not believe a position far ahead before the primary confirms it', async () => {
    end = 100 * AHEAD_MAX_BYTES;
    expect(positions.accepts(lsn(end))).toBe(false);
    await pass(0);
    expect(positions.accepts(lsn(end))).toBe(true);
    expect(positions.accepts(FAR)).toBe(false);
    await pass(10_000);
    expect(positions.accepts(FAR)).toBe(false);
    expect(found).toEqual([]);
  });

  it('finds a believed position false once the primary says that its log ends before it', async () => {
    expect(positions.accepts(lsn(5_001))).toBe(true);
    await pass(0);
    expect(found).toEqual([lsn(5_000)]);
    await pass(10_000);
    expect(found).toHaveLength(1);
  });

  it('does not find false what was announced while the primary was being asked', async () => {
    const answers: ((lsn: Lsn) => void)[] = [];
    const slow = new PlausiblePositions({
      ask: () => new Promise((resolve) => answers.push(resolve)),
      onFalse: (last) => found.push(last),
    });
    slow.accepts(lsn(1_000));
    slow.accepts(lsn(6_000));
    answers[0]?.(lsn(5_000));
    await pass(250);
    answers[1]?.(lsn(6_000));
    await pass(250);
    expect(found).toEqual([]);
    slow.stop();
  });

  it('follows a log that was set back by a restore', async () => {
    end = 50 * AHEAD_MAX_BYTES;
    positions.accepts(lsn(end));
    await pass(300);
    expect(positions.accepts(lsn(end))).toBe(true);
    end = 1_000;
    await pass(5_300);
    expect(found).toEqual([lsn(1_000)]);
    expect(positions.accepts(lsn(50 * AHEAD_MAX_BYTES))).toBe(false);
  });

  it('asks at most four times a second however many positions are announced, and one at a time', async () => {
    for (let round = 0; round < 1_000; round += 1) {
      for (let count = 0; count < 50; count += 1) positions.accepts(lsn(5_000 + round + count));
      await pass(1);
    }
    expect(asked).toBeLessThanOrEqual(5);
  });

  it('asks on while the owner is away, keeps what was believed, and finds it false afterwards', async () => {
    isAway = true;
    expect(positions.accepts(lsn(9_000))).toBe(true);
    await pass(3_000);
    expect(found).toEqual([]);
    isAway = false;
    await pass(1_000);
    expect(found).toEqual([lsn(5_000)]);
  });

  it('asks no more once it is stopped', async () => {
    positions.stop();
    positions.accepts(FAR);
    await pass(60_000);
    expect(asked).toBe(0);
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 1, max: AHEAD_MAX_BYTES / 8 }) }),
  fc.record({ kind: fc.constant('forged' as const), ahead: fc.integer({ min: 1, max: 4 * AHEAD_MAX_BYTES }) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 400 }) }),
);

it('believes, in any order of writes, forgeries and pauses, nothing beyond the log for longer than a round of asking', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let log = 1;
      let believed = 0;
      const checked = new PlausiblePositions({
        ask: () => Promise.resolve(lsn(log)),
        onFalse: () => (believed = log),
      });
      for (const one of steps) {
        if (one.kind === 'time') await pass(one.ms);
        else {
          if (one.kind === 'write') log += one.bytes;
          const position = one.kind === 'write' ? log : log + one.ahead;
          const accepted = checked.accepts(lsn(position));
          if (accepted) believed = Math.max(believed, position);
          // Never more than the bound beyond what the log had when it was asked.
          expect(accepted && position > log + AHEAD_MAX_BYTES).toBe(false);
        }
      }
      await pass(600);
      expect(believed).toBeLessThanOrEqual(log);
      expect(checked.accepts(lsn(log))).toBe(true);
      expect(compareLsn(lsn(log), lsn(believed))).toBeGreaterThanOrEqual(0);
      checked.stop();
    }),
    { numRuns: 100 },
  );
});
