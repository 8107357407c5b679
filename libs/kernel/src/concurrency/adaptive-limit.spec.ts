import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AdaptiveLimit, eachAdaptive, type Begun, type WorkOutcome } from '../index.js';

/** A service that does `servers` pieces at a time and lets the others wait, in a time of its own. */
class Service {
  servers = 4;
  workMs = 10;
  /** Refuses what comes when so many are there already. */
  refusesAt = Infinity;
  nowMs = 0;
  done = 0;
  #freeAtMs: number[] = [];
  #under: { readonly endsMs: number; readonly begun: Begun; readonly outcome: WorkOutcome }[] = [];

  constructor(readonly limit: AdaptiveLimit) {}

  /** Keeps as much under way as the limit allows until `untilMs`; answers the most there was. */
  run(untilMs: number): number {
    let most = 0;
    while (this.nowMs < untilMs) {
      while (this.#under.length < this.limit.limit) this.#begin();
      most = Math.max(most, this.#under.length);
      this.#under.sort((a, b) => a.endsMs - b.endsMs);
      const next = this.#under.shift();
      if (next === undefined) throw new Error('something is always under way');
      this.nowMs = next.endsMs;
      if (next.outcome === 'done') this.done += 1;
      this.limit.end(next.begun, this.nowMs, next.outcome);
    }
    return most;
  }

  #begin(): void {
    const begun = this.limit.begin(this.nowMs);
    if (this.#under.length >= this.refusesAt) {
      this.#under.push({ begun, endsMs: this.nowMs + 1, outcome: 'overloaded' });
      return;
    }
    this.#freeAtMs = this.#freeAtMs.slice(-this.servers).sort((a, b) => a - b);
    const startMs =
      this.#freeAtMs.length < this.servers ? this.nowMs : Math.max(this.nowMs, this.#freeAtMs.shift() ?? 0);
    this.#freeAtMs.push(startMs + this.workMs);
    this.#under.push({ begun, endsMs: startMs + this.workMs, outcome: 'done' });
  }
}

describe('an adaptive limit', () => {
  it('finds what a service can do at once, and does not pile up much more', () => {
    const service = new Service(new AdaptiveLimit(64));
    service.run(1_000);
    const [before, startMs] = [service.done, service.nowMs];
    const most = service.run(11_000);
    const [best, got] = [service.servers / service.workMs, (service.done - before) / (service.nowMs - startMs)];
    expect(got / best).toBeGreaterThan(0.9);
    expect(most).toBeLessThanOrEqual(3 * service.servers);
  });

  it('eases off when the work slows down, and comes back when it is quick again', () => {
    const service = new Service(new AdaptiveLimit(8));
    service.run(1_000);
    expect(service.limit.limit).toBeGreaterThanOrEqual(6);
    service.servers = 1;
    service.run(3_000);
    expect(service.limit.limit).toBeLessThanOrEqual(4);
    service.servers = 8;
    service.run(4_000);
    expect(service.limit.limit).toBe(8);
  });

  it('takes a service that became slower for good as it is: it learns the baseline anew', () => {
    const service = new Service(new AdaptiveLimit(4));
    service.run(1_000);
    service.workMs = 100;
    service.run(20_000);
    expect(service.limit.limit).toBe(4);
  });

  it('halves when it is refused, once however many are refused together', () => {
    const limit = new AdaptiveLimit(8);
    const service = new Service(limit);
    service.servers = 8;
    service.run(1_000);
    const together = Array.from({ length: 8 }, () => limit.begin(service.nowMs));
    for (const begun of together) limit.end(begun, service.nowMs + 1, 'overloaded');
    expect(limit.limit).toBe(4);
    service.refusesAt = 3;
    service.run(3_000);
    expect(limit.limit).toBeLessThanOrEqual(4);
  });

  it('begins with one, so that the first piece goes alone', () => {
    expect(new AdaptiveLimit(8).limit).toBe(1);
  });

  it('never goes below 1 or above its cap, whatever comes', () => {
    const outcome = fc.constantFrom<WorkOutcome>('done', 'overloaded', 'failed');
    const pieces = fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), outcome), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), pieces, (max, all) => {
        const limit = new AdaptiveLimit(max);
        for (const [tookMs, ended] of all) {
          limit.end(limit.begin(0), tookMs, ended);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});

async function* numbers(count: number, made: number[] = []): AsyncGenerator<number> {
  for (let n = 1; n <= count; n += 1) {
    made.push(n);
    yield await Promise.resolve(n);
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = { isOverload: () => false };

describe('eachAdaptive', () => {
  it('does every item once, never more at once than the limit', async () => {
    const limit = new AdaptiveLimit(3);
    let [under, peak] = [0, 0];
    const done: number[] = [];
    const work = async (n: number): Promise<void> => {
      peak = Math.max(peak, ++under);
      await turn();
      under -= 1;
      done.push(n);
    };
    await eachAdaptive(numbers(100), limit, work, never);
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    expect(peak).toBeLessThanOrEqual(3);
  });

  it('takes the next item while others are worked on, and no further one', async () => {
    const made: number[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let waiting = 0;
    const options = { ...never, onWaiting: (change: 1 | -1) => void (waiting += change) };
    const all = eachAdaptive(numbers(10, made), new AdaptiveLimit(4), () => held, options);
    await turn();
    await turn();
    expect([made, waiting]).toEqual([[1, 2], 1]);
    release();
    await all;
    expect(waiting).toBe(0);
  });

  it('throws the failure of the last item, however many turns after the end of the source it comes', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const refused = new Error('not stored');
      const work = async (): Promise<void> => {
        for (let at = 0; at < turns; at += 1) await Promise.resolve();
        throw refused;
      };
      await expect(eachAdaptive(numbers(1), new AdaptiveLimit(1), work, never)).rejects.toBe(refused);
    }
  });

  it('throws the first failure at once, even while the source keeps it waiting, and lets the source go', async () => {
    let letGo = false;
    async function* slow(): AsyncGenerator<number> {
      try {
        yield 1;
        await turn();
        yield 2;
      } finally {
        letGo = true;
      }
    }
    const limit = new AdaptiveLimit(4);
    const refused = new Error('too much');
    const run = eachAdaptive(slow(), limit, () => Promise.reject(refused), {
      isOverload: (error) => error === refused,
    });
    await expect(run).rejects.toBe(refused);
    await turn();
    await turn();
    expect(letGo).toBe(true);
  });
});
