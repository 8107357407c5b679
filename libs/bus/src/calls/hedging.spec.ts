import { describe, expect, it } from '@jest/globals';
import type { PartialOutage } from '../liveness/instances.js';
import { Hedging } from './hedging.js';

const missing = (loss: number, ...living: string[]): PartialOutage => ({ missingShare: loss, healthy: living });

/** How many of `count` calls that wait for ever are published once more, each as often as it may be. */
function hedged(hedging: Hedging, count: number): number {
  let taken = 0;
  for (let call = 0; call < count; call += 1) {
    hedging.earn('cache');
    while (hedging.take('cache', 1, 60_000) !== undefined) taken += 1;
  }
  return taken;
}

describe('Hedging', () => {
  it('allows no hedge while no instance is missing', () => {
    const hedging = new Hedging(() => undefined);
    expect(hedged(hedging, 1_000)).toBe(0);
  });

  it.each([
    [1 / 4, 250],
    [1 / 2, 500],
    [3 / 4, 750],
  ])('allows hedges for the share %d of calls that may get lost, and 100 for those accepted before', (loss, more) => {
    const outage = missing(loss, 'a');
    const hedging = new Hedging((service) => (service === 'cache' ? outage : undefined));
    expect(hedging.take('auth', 1, 60_000)).toBeUndefined();
    hedged(hedging, 1);
    expect(hedged(hedging, 1_000)).toBe(more);
  });

  it('starts with a new budget when another instance goes missing', () => {
    let outage: PartialOutage | undefined = missing(1 / 2, 'a');
    const hedging = new Hedging(() => outage);
    expect(hedged(hedging, 1)).toBe(100);
    expect(hedged(hedging, 2)).toBe(1);
    outage = undefined;
    expect(hedged(hedging, 1)).toBe(0);
    outage = missing(1 / 2, 'b');
    expect(hedged(hedging, 1)).toBe(100);
  });

  it('spreads hedges over all healthy instances, and those of one call over growing intervals', () => {
    const outage = missing(1 / 4, 'a', 'b', 'c');
    const others = new Hedging(() => outage);
    const asked = Array.from({ length: 100 }, () => others.take('cache', 1, 100));
    expect(new Set(asked)).toEqual(new Set(['a', 'b', 'c']));
    const hedging = new Hedging(() => outage);
    const times: number[] = [];
    for (let ms = 0; ms < 3_000; ms += 50)
      if (hedging.take('cache', times.length + 1, ms) !== undefined) times.push(ms);
    expect(times).toEqual([100, 300, 700, 1_500]);
  });
});
