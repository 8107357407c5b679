import { describe, expect, it } from '@jest/globals';
import { parseMode, roomOf } from './mode.js';

describe('parseMode', () => {
  it('rounds up to steps of 50 ms', () => {
    expect(
      [undefined, 'live', 'conflate:50', 'conflate:251', 'conflate:10000'].map((text) => parseMode(text)?.everyMs),
    ).toEqual([0, 0, 50, 300, 10_000]);
  });

  it.each(['conflate:49', 'conflate:10001', 'conflate:', 'conflate:1e3', 'fast', ''])('refuses %j', (text) => {
    expect(parseMode(text)).toBeUndefined();
  });

  it('keeps live and conflated subscribers apart', () => {
    expect(roomOf('quote.600519.SH', { everyMs: 0 })).not.toBe(roomOf('quote.600519.SH', { everyMs: 50 }));
  });
});
