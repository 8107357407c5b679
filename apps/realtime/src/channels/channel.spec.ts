import { describe, expect, it } from '@jest/globals';
import { parseChannel } from './channel.js';
import { parseMode, roomOf } from './mode.js';

describe('parseChannel', () => {
  it.each(['600519', '600519.SH', 'SH600519', '600519.XSHG'])('reads a quote channel of %s', (alias) => {
    expect(parseChannel(`quote.${alias}`)).toEqual({ kind: 'quote', alias });
  });

  it('reads a bar channel', () => {
    expect(parseChannel('bar.15Min.600519.SH')).toEqual({ kind: 'bar', timeframe: '15Min', alias: '600519.SH' });
  });

  it.each([
    '',
    'quote',
    'quote.',
    'quote.60051',
    'quote.600519.SH.x',
    'bar.600519.SH',
    'bar.1Week.600519',
    'tick.600519',
    'quote.６００５１９',
  ])('refuses %j', (name) => {
    expect(parseChannel(name)).toBeUndefined();
  });
});

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
