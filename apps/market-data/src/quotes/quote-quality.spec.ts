import { phaseAt } from '@mystocks/calendar';
import { describe, expect, it } from '@jest/globals';
import { quoteQuality, worst } from './quote-quality.js';

const china = (text: string): number => Date.parse(`${text}+08:00`);
const quality = (quoteAt: string, nowAt: string, simulated = false): string => {
  const ms = china(nowAt);
  return quoteQuality({ ms: china(quoteAt), simulated }, { ms, phase: phaseAt(ms) });
};

describe('the quality of a quote', () => {
  it.each([
    ['live', '2024-06-14T10:00:00', '2024-06-14T10:00:15'],
    ['live', '2024-06-14T09:20:00', '2024-06-14T09:20:03'],
    ['delayed', '2024-06-14T10:00:00', '2024-06-14T10:00:16'],
    ['delayed', '2024-06-14T11:30:00', '2024-06-14T12:00:00'],
    ['stale', '2024-06-13T15:00:00', '2024-06-14T09:16:00'],
    ['stale', '2024-06-13T15:00:00', '2024-06-14T12:00:00'],
    ['eod', '2024-06-14T14:59:57', '2024-06-14T15:00:01'],
    ['eod', '2024-06-14T15:00:00', '2024-06-16T12:00:00'],
    ['eod', '2024-06-14T15:00:00', '2024-06-17T08:00:00'],
    ['stale', '2024-06-13T15:00:00', '2024-06-14T15:00:01'],
    ['stale', '2024-02-07T15:00:00', '2024-02-12T10:00:00'],
  ])('the quality of a quote is %s for one of %s at %s', (expected, quoteAt, nowAt) => {
    expect(quality(quoteAt, nowAt)).toBe(expected);
    expect(quality(quoteAt, nowAt, true)).toBe('simulated');
  });

  it('the quality of a quote is told on a provisional trading day as on any other', () => {
    const ms = china('2099-01-05T10:00:00');
    expect(quoteQuality({ ms: ms - 1_000, simulated: false }, { ms, phase: phaseAt(ms) })).toBe('live');
    expect(quoteQuality({ ms: ms - 60_000, simulated: false }, { ms, phase: phaseAt(ms) })).toBe('delayed');
  });

  it('the quality of a quote is that of the worst of several', () => {
    expect(worst(['live', 'delayed', 'live'])).toBe('delayed');
    expect(worst(['eod', 'stale', 'simulated'])).toBe('simulated');
    expect(worst([])).toBeUndefined();
  });
});
