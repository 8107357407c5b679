import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tradingDays } from '@mystocks/calendar';
import { Failure, getClock, type Answer } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import type { Time } from './pace.js';
import type { RunResult } from './warm-up-runner.js';
import { WarmUpScheduleService } from './warm-up-schedule.service.js';

const at = (local: string): number => Date.parse(`${local}+08:00`);
const answer: Answer = { body: Buffer.from('{}'), etag: '"1"', tags: [], ttl_ms: 0, built_at_ms: 1 };

/** Sleeps pass at once, until `endMs`; after that they never end. */
function timeUntil(startMs: number, endMs: number): Time & { readonly over: Promise<void> } {
  let nowMs = startMs;
  let isOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (isOver = resolve));
  const never = new Promise<void>(() => undefined);
  const sleep = (ms: number): Promise<void> => {
    nowMs += ms;
    if (nowMs < endMs) return Promise.resolve();
    isOver();
    return never;
  };
  return { now: () => nowMs, sleep, over };
}

let bus: FakeBus;
let refusal: string | undefined;
let serving: boolean;
let runs: { readonly atMs: number; readonly trigger: string; readonly slot: string | undefined }[];
let started: WarmUpScheduleService | undefined;
beforeEach(() => {
  [bus, refusal, serving, runs, started] = [new FakeBus(), undefined, true, [], undefined];
  bus.answer(getClock, () => answer);
});
afterEach(() => {
  started?.onModuleDestroy();
});

function start(time: Time, run: () => Promise<RunResult> = () => Promise.resolve('done')): WarmUpScheduleService {
  const schedule = new WarmUpScheduleService({
    runner: {
      run: (trigger, slot) => {
        runs.push({ atMs: time.now(), trigger, slot });
        return run();
      },
    },
    service: {
      run: (work) => work({ id: 'x', username: 'service:cache', roles: ['guest'], expiresAtMs: Infinity }),
      get refusal() {
        return refusal;
      },
    },
    bus,
    tier: {
      get serving() {
        return serving;
      },
    },
    time,
    off: undefined,
  });
  started = schedule;
  schedule.onApplicationBootstrap();
  return schedule;
}

describe('when warm-ups run', () => {
  it('once after a start and at 09:25 of every trading day of a year, each day under its own slot', async () => {
    const time = timeUntil(at('2024-01-01T00:00:00'), at('2025-01-01T00:00:00'));
    start(time);
    await time.over;
    const [first, ...sessions] = runs;
    expect(first).toMatchObject({ trigger: 'start', slot: undefined, atMs: at('2024-01-01T00:00:02') });
    expect(sessions).toEqual(
      tradingDays('2024-01-01', '2024-12-31').map((day) => ({
        atMs: at(`${day}T09:25:00`),
        trigger: 'session',
        slot: `session ${day}`,
      })),
    );
  });

  it('waits until the tier serves and the owner answers, and then warms once', async () => {
    const time = timeUntil(at('2024-06-14T16:00:00'), at('2024-06-14T17:00:00'));
    serving = false;
    let asked = 0;
    bus.answer(getClock, () => {
      asked += 1;
      if (asked < 3) throw new Failure('unavailable', 'no instance answers');
      return answer;
    });
    const sleep = time.sleep.bind(time);
    start({
      now: () => time.now(),
      sleep: (ms) => {
        if (time.now() >= at('2024-06-14T16:01:00')) serving = true;
        return sleep(ms);
      },
    });
    await time.over;
    expect(runs).toEqual([{ atMs: expect.any(Number), trigger: 'start', slot: undefined }]);
    expect(runs[0]?.atMs).toBeGreaterThan(at('2024-06-14T16:01:00'));
    expect(asked).toBe(3);
  });

  it('gives up after five minutes, and tries again before the next session', async () => {
    const time = timeUntil(at('2024-06-14T16:00:00'), at('2024-06-18T00:00:00'));
    start(time, () => Promise.reject(new Failure('unavailable', 'no database')));
    await time.over;
    const starts = runs.filter(({ trigger }) => trigger === 'start');
    expect(starts).toHaveLength(60);
    expect(starts.at(-1)?.atMs).toBeLessThan(at('2024-06-14T16:05:05'));
    expect(runs.find(({ trigger }) => trigger === 'session')?.slot).toBe('session 2024-06-17');
  });

  it('does not go on asking once the service is refused, and says why', async () => {
    const time = timeUntil(at('2024-06-14T16:00:00'), at('2024-06-16T00:00:00'));
    let asked = 0;
    const schedule = start(time);
    bus.answer(getClock, () => {
      asked += 1;
      refusal = 'The auth service refuses CACHE_CLIENT_SECRET';
      throw new Failure('unauthenticated', 'Wrong client or secret');
    });
    await time.over;
    expect([asked, runs]).toEqual([1, []]);
    expect(schedule.reason).toMatch(/refuses CACHE_CLIENT_SECRET/);
  });

  it.each([
    ['CACHE_WARM_UP_SYMBOLS is 0', true, 'CACHE_WARM_UP_SYMBOLS is 0', undefined],
    ['PG_PRIMARY_URL is not set', false, undefined, undefined],
    ['CACHE_CLIENT_SECRET is not set', true, undefined, 'CACHE_CLIENT_SECRET is not set'],
  ])('the schedule of warm-ups is off and says %s', async (reason, hasDatabase, off, missing) => {
    const time = timeUntil(at('2024-06-14T09:00:00'), at('2024-06-14T10:00:00'));
    const runner = hasDatabase ? { run: () => Promise.reject(new Error('it runs')) } : undefined;
    const service = { run: () => Promise.reject(new Error('it asks')), refusal: missing };
    const schedule = new WarmUpScheduleService({ runner, service, bus, tier: { serving: true }, time, off });
    schedule.onApplicationBootstrap();
    await Promise.resolve();
    expect([schedule.reason, schedule.nextRunAtMs, time.now()]).toEqual([reason, undefined, at('2024-06-14T09:00:00')]);
  });

  it('says when it runs next, and runs nothing when it is off', () => {
    const time = timeUntil(at('2024-06-14T16:00:00'), at('2024-06-14T16:00:01'));
    expect(start(time).nextRunAtMs).toBe(at('2024-06-17T09:25:00'));
    refusal = 'CACHE_CLIENT_SECRET is not set';
    expect(start(time).nextRunAtMs).toBeUndefined();
  });
});
