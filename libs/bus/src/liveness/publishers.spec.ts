import { beforeEach, describe, expect, it } from '@jest/globals';
import { Publishers } from './publishers.js';

let publishers: Publishers;
beforeEach(() => {
  publishers = new Publishers();
});
const counts = [{ subject: 'evt.a', sent: 1 }];
const heard = (publisher: string, nowMs: number, more: { last?: boolean; counts?: typeof counts } = {}): void => {
  publishers.heard({ service: 'market-data', publisher, counts, ...more }, nowMs);
};
const absence = (): ReturnType<Publishers['absenceOf']> => publishers.absenceOf('market-data');
const bury = (nowMs: number, sinceMs = 0): string[] =>
  publishers.bury(nowMs, sinceMs).flatMap(({ service, told }) => (told.length === 0 ? [service] : told));

describe('Publishers', () => {
  it('finds one that fell silent without a farewell, once, and again when it came back', () => {
    heard('a', 0);
    expect(bury(2_000)).toEqual([]);
    expect(bury(2_001)).toEqual(['evt.a']);
    expect(bury(9_000)).toEqual([]);
    heard('a', 10_000);
    expect(bury(12_001)).toEqual(['evt.a']);
  });

  it('lets one go that says farewell', () => {
    heard('a', 0);
    heard('a', 500, { last: true });
    expect(bury(60_000)).toEqual([]);
  });

  it('finds one that never told anything: it may have died before its first', () => {
    heard('a', 0, { counts: [] });
    expect(publishers.bury(2_001, 0)).toEqual([{ service: 'market-data', told: [] }]);
  });

  it('counts the time from when they could be heard', () => {
    heard('a', 0);
    heard('b', 9_000, { counts: [{ subject: 'evt.b', sent: 1 }] });
    expect(bury(10_000, 9_500)).toEqual([]);
    expect(bury(11_501, 9_500)).toEqual(['evt.a', 'evt.b']);
  });

  it('says who of a service is left, and what part of the calls may get lost, while some of its instances are missing', () => {
    for (const publisher of ['a', 'b', 'c']) heard(publisher, 0);
    expect(absence()).toBeUndefined();
    heard('a', 2_000);
    heard('b', 2_000);
    bury(2_001);
    expect(absence()).toEqual({ living: ['a', 'b'], loss: 1 / 3 });
    // Worked out once: the budget of those who ask hangs on it.
    heard('a', 2_050);
    expect(publishers.absenceOf('market-data')).toBe(publishers.absenceOf('market-data'));
    expect(publishers.absenceOf('cache')).toBeUndefined();
    // A new one takes part of the calls, one that says farewell none.
    heard('d', 2_100);
    expect(absence()).toEqual({ living: ['b', 'a', 'd'], loss: 1 / 4 });
    heard('b', 2_200, { last: true });
    expect(absence()).toEqual({ living: ['a', 'd'], loss: 1 / 3 });
    heard('c', 2_300);
    expect(absence()).toBeUndefined();
  });

  it('does not say so where nobody is left to be asked, nor once it is known to be gone', () => {
    heard('a', 0);
    bury(2_001);
    expect(absence()).toBeUndefined();
    heard('b', 60_000);
    bury(60_001);
    expect([...publishers.missing]).toEqual(['a']);
    expect(absence()).toEqual({ living: ['b'], loss: 1 / 2 });
    publishers.forget('a');
    expect([...publishers.missing]).toEqual([]);
    expect(absence()).toBeUndefined();
  });

  it('remembers a bounded number', () => {
    const few = new Publishers(2);
    for (const publisher of ['a', 'b', 'c'])
      few.heard({ service: 's', publisher, counts: [{ subject: `evt.${publisher}`, sent: 1 }] }, 0);
    expect(few.bury(5_000, 0).flatMap(({ told }) => told)).toEqual(['evt.b', 'evt.c']);
    few.heard({ service: 's', publisher: 'd', counts: [] }, 5_000);
    few.bury(8_000, 0);
    expect([...few.missing]).toEqual(['c', 'd']);
  });
});
