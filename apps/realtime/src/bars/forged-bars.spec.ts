import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Bar } from '@mystocks/contracts';
import { BarMarket, COARSER, OWN, stampOf, type Received } from '../../test/bar-market.js';

const FAR = 2 ** 52;
const NEAR_BYTES = 50_000_000;
const forged: Bar = { t: stampOf(9), o: 999, h: 999, l: 999, c: 999, v: 1 };
const closesOf = (received: readonly Received[]): number[] =>
  received.flatMap((one) => ('gap' in one ? [] : one.items.map(({ d }) => (d as Bar).c)));
const gapsOf = (received: readonly Received[]): string[] =>
  received.flatMap((one) => ('gap' in one ? [one.gap.reason] : []));

let market: BarMarket;
beforeEach(async () => {
  jest.useFakeTimers();
  market = new BarMarket();
  market.publish(market.commit([1]), 0);
  await market.settle();
});
afterEach(() => {
  market.close();
  jest.useRealTimers();
});

describe('an event of bars whose position lies beyond the log', () => {
  it('an event of bars whose position lies beyond the log is not sent when it lies far beyond: what the store has follows a gap', async () => {
    market.publish({ bars: [forged], position: FAR }, 0);
    await market.settle();
    for (const { name } of [OWN, COARSER]) {
      expect(closesOf(market.on(name))).toEqual([101]);
      expect(market.on(name).at(-1)).toMatchObject({ gap: { reason: 'bus' }, snapshot: { o: 1_000, d: { c: 101 } } });
    }
  });

  it('an event of bars whose position lies beyond the log is taken back when it lies near: a gap with what the store has follows, at an earlier offset', async () => {
    market.publish({ bars: [forged], position: 1_000 + NEAR_BYTES }, 0);
    await market.settle();
    expect(closesOf(market.on(OWN.name))).toEqual([101, 999]);
    expect(market.on(OWN.name).at(-1)).toMatchObject({ gap: { reason: 'reset' }, snapshot: { d: { c: 101 } } });
  });

  it.each([FAR, 1_000 + NEAR_BYTES])(
    'an event of bars whose position lies beyond the log at %d keeps back no later change of its channel',
    async (position) => {
      market.publish({ bars: [forged], position }, 0);
      await market.settle();
      const before = gapsOf(market.on(OWN.name)).length;
      market.publish(market.commit([2, 3]), 0);
      market.publish(market.commit([4]), 0);
      await market.settle();
      expect(closesOf(market.on(OWN.name)).slice(-3)).toEqual([202, 203, 304]);
      expect(gapsOf(market.on(OWN.name))).toHaveLength(before);
      expect(closesOf(market.on(COARSER.name)).at(-1)).toBe(304);
    },
  );
});
