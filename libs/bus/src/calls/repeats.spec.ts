import { describe, expect, it } from '@jest/globals';
import type { Absence } from '../liveness/publishers.js';
import { Repeats } from './repeats.js';

const missing = (loss: number, ...living: string[]): Absence => ({ loss, living });

/** How many of `count` calls that wait for ever are published once more, each as often as it may be. */
function repeated(repeats: Repeats, count: number): number {
  let taken = 0;
  for (let call = 0; call < count; call += 1) {
    repeats.earn('cache');
    while (repeats.take('cache', 1, 60_000) !== undefined) taken += 1;
  }
  return taken;
}

describe('Repeats', () => {
  it('are none while nobody is missing', () => {
    const repeats = new Repeats(() => undefined);
    expect(repeated(repeats, 1_000)).toBe(0);
  });

  it.each([
    [1 / 4, 250],
    [1 / 2, 500],
    [3 / 4, 750],
  ])('are as many as get lost, %d of all, and those it had in its hands', (loss, more) => {
    const absence = missing(loss, 'a');
    const repeats = new Repeats((service) => (service === 'cache' ? absence : undefined));
    expect(repeats.take('auth', 1, 60_000)).toBeUndefined();
    repeated(repeats, 1);
    expect(repeated(repeats, 1_000)).toBe(more);
  });

  it('begin anew when another one is missed', () => {
    let absence: Absence | undefined = missing(1 / 2, 'a');
    const repeats = new Repeats(() => absence);
    expect(repeated(repeats, 1)).toBe(100);
    expect(repeated(repeats, 2)).toBe(1);
    absence = undefined;
    expect(repeated(repeats, 1)).toBe(0);
    absence = missing(1 / 2, 'b');
    expect(repeated(repeats, 1)).toBe(100);
  });

  it('go to all that are left, each call at times further and further apart', () => {
    const absence = missing(1 / 4, 'a', 'b', 'c');
    const others = new Repeats(() => absence);
    const asked = Array.from({ length: 100 }, () => others.take('cache', 1, 100));
    expect(new Set(asked)).toEqual(new Set(['a', 'b', 'c']));
    const repeats = new Repeats(() => absence);
    const times: number[] = [];
    for (let ms = 0; ms < 3_000; ms += 50)
      if (repeats.take('cache', times.length + 1, ms) !== undefined) times.push(ms);
    expect(times).toEqual([100, 300, 700, 1_500]);
  });
});
