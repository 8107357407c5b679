import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Bar } from '@mystocks/contracts';
import fc from 'fast-check';
import { BarMarket, COARSER, OWN, RETRY_MS, stampOf, type Received } from '../../test/bar-market.js';
import type { Gap } from '../fanout/outlet.js';

const closesOf = (received: readonly Received[]): number[] =>
  received.flatMap((one) => ('gap' in one ? [] : one.items.map(({ d }) => (d as Bar).c)));
const offsetsOf = (received: readonly Received[]): number[] =>
  received.flatMap((one) => ('gap' in one ? [one.snapshot.o] : one.items.map(({ o }) => o)));
const gapsOf = (received: readonly Received[]): Gap['reason'][] =>
  received.flatMap((one) => ('gap' in one ? [one.gap.reason] : []));
const seenBy = (value: object | null): number => (value as { seen?: number } | null)?.seen ?? 0;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('changed bars', () => {
  it('arrive one by one and in order, each with an offset of its own', async () => {
    const market = new BarMarket();
    market.publish(market.commit([1, 2, 3]), 0);
    market.publish(market.commit([4]), 0);
    await market.settle();
    expect(closesOf(market.on(OWN.name))).toEqual([101, 102, 103, 204]);
    expect(offsetsOf(market.on(OWN.name))).toEqual([998, 999, 1_000, 2_000]);
    expect(gapsOf(market.received)).toEqual([]);
  });

  it('changed bars move the coarser bars that hold them, read from their owner', async () => {
    const market = new BarMarket();
    market.publish(market.commit([4, 5, 6]), 0);
    await market.settle();
    expect(closesOf(market.on(COARSER.name))).toEqual([105, 106]);
    market.publish(market.commit([7]), 0);
    await market.settle();
    expect(closesOf(market.on(COARSER.name))).toEqual([105, 106, 207]);
  });

  it('changed bars are announced as a gap with a snapshot behind it where an event does not list them', async () => {
    const market = new BarMarket();
    market.publish(market.commit([1, 2]), 0, { listed: false });
    await market.settle();
    for (const { name } of [OWN, COARSER]) {
      expect(market.on(name)).toMatchObject([
        { gap: { from: 1_000, to: 1_000, reason: 'bulk' }, snapshot: { d: { c: 102 } } },
      ]);
    }
  });

  it('changed bars are announced as a gap where a later commit was announced before', async () => {
    const market = new BarMarket();
    const [first, second] = [market.commit([1]), market.commit([1])];
    market.publish(second, 1);
    market.publish(first, 0);
    await market.settle();
    expect(closesOf(market.on(OWN.name))).toEqual([201]);
    expect(gapsOf(market.on(OWN.name))).toEqual(['order']);
    expect(market.on(OWN.name).at(-1)).toMatchObject({ gap: { from: 1_000, to: 2_000 }, snapshot: { d: { c: 201 } } });
  });

  it('changed bars are announced as a gap where their event was lost, and once the owner answers again', async () => {
    const market = new BarMarket();
    market.publish(market.commit([1]), 0);
    await market.settle();
    market.fail(5);
    market.publish(market.commit([2]), 0, { lost: true });
    await market.settle();
    expect(gapsOf(market.on(OWN.name))).toEqual(['bus']);
    expect(market.on(OWN.name).at(-1)).toMatchObject({ snapshot: { d: { c: 202 } } });
  });

  it('changed bars wait behind the snapshot of a gap that is being read, which shows an older state than theirs', async () => {
    const market = new BarMarket();
    market.slowDown(30);
    market.publish(market.commit([1]), 0, { listed: false });
    await jest.advanceTimersByTimeAsync(20);
    market.publish(market.commit([1]), 0);
    await market.settle();
    expect(newestClose(market.on(OWN.name))).toBe(201);
    expect(market.on(OWN.name).every((one) => 'gap' in one)).toBe(true);
  });

  it('changed bars are missed by who has left the channel, although a later commit was announced before', async () => {
    for (const { name } of [OWN, COARSER]) {
      const market = new BarMarket();
      const [first, second] = [market.commit([1]), market.commit([2])];
      market.publish(second, 1);
      await market.settle();
      const offset = market.offsetOf(name);
      market.leave(name);
      market.publish(first, 0);
      await market.settle();
      expect([name, market.offsetOf(name)]).not.toEqual([name, offset]);
    }
  });

  it('changed bars are missed by who leaves the channel while they are read, although a later commit was announced before', async () => {
    const market = new BarMarket();
    const [first, second] = [market.commit([1]), market.commit([2])];
    market.publish(second, 1);
    await market.settle();
    const offset = market.offsetOf(COARSER.name);
    market.leave(OWN.name);
    market.fail(1);
    market.publish(first, 0);
    await jest.advanceTimersByTimeAsync(10);
    market.leave(COARSER.name);
    await market.settle();
    expect(market.offsetOf(COARSER.name)).not.toBe(offset);
  });

  it('changed bars reach a subscriber all and in order, or a gap with a later snapshot is announced, whatever is lost or overtaken', async () => {
    const aCommit = fc.record({
      minutes: fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 4 }),
      by: fc.constantFrom(0 as const, 1 as const),
      lost: fc.boolean(),
      isListed: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      overtaken: fc.boolean(),
      failures: fc.constantFrom(0, 0, 0, 2),
      pause: fc.constantFrom(0, 0, 20, RETRY_MS),
      answerMs: fc.constantFrom(0, 30),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(aCommit, { minLength: 1, maxLength: 8 }), async (steps) => {
        const market = new BarMarket();
        let held: (() => void) | undefined;
        for (const { minutes, by, lost, isListed: listed, overtaken, failures, pause, answerMs } of steps) {
          market.fail(failures);
          market.slowDown(answerMs);
          const commit = market.commit(minutes);
          const publish = (): void => {
            market.publish(commit, by, { lost, listed });
          };
          if (overtaken && held === undefined) held = publish;
          else {
            publish();
            held?.();
            held = undefined;
          }
          if (pause > 0) await jest.advanceTimersByTimeAsync(pause);
        }
        held?.();
        await market.settle();
        checkOwn(market);
        checkCoarser(market);
        for (const { name } of [OWN, COARSER]) expect(newestClose(market.on(name))).toBe(market.newestClose);
        market.close();
      }),
      { numRuns: 300 },
    );
  });
});

/** The close of the newest bar as a subscriber knows it in the end. */
function newestClose(received: readonly Received[]): number | undefined {
  const values = received.flatMap((one) => ('gap' in one ? [one.snapshot.d] : one.items.map(({ d }) => d))) as Bar[];
  const closes = new Map(values.map(({ t, c }) => [t, c]));
  return closes.get([...closes.keys()].sort().at(-1) ?? '');
}

function checkOffsets(received: readonly Received[]): void {
  const offsets = offsetsOf(received);
  for (const [index, offset] of offsets.entries()) expect(offset).toBeGreaterThanOrEqual(offsets[index - 1] ?? 0);
}

function checkOwn(market: BarMarket): void {
  const received = market.on(OWN.name);
  checkOffsets(received);
  const order = closesOf(received).map((close) => Math.floor(close / 100));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  for (const [index, { bars }] of market.commits.entries()) {
    const isSent = received.some(
      (one) => 'items' in one && JSON.stringify(one.items.map(({ d }) => d)) === JSON.stringify(bars),
    );
    const isCovered = received.some((one) => 'gap' in one && seenBy(one.snapshot.d) > index);
    expect(isSent || isCovered).toBe(true);
  }
}

function checkCoarser(market: BarMarket): void {
  const received = market.on(COARSER.name);
  checkOffsets(received);
  for (const [index, { bars }] of market.commits.entries()) {
    const bins = new Set(bars.map(({ c }) => stampOf(Math.ceil((c % 100) / 5) * 5)));
    const isCovered = received.some((one) => 'gap' in one && seenBy(one.snapshot.d) > index);
    for (const bin of bins) {
      const isSent = received.some(
        (one) => 'items' in one && one.items.some(({ d }) => (d as Bar).t === bin && seenBy(d) > index),
      );
      expect(isSent || isCovered).toBe(true);
    }
  }
}
