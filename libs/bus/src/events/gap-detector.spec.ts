import { beforeEach, describe, expect, it } from '@jest/globals';
import { GapDetector } from './gap-detector.js';
import { EventCounter, readSequenceNumber, writeSequenceNumber } from './event-counter.js';

let found: number;
let gaps: GapDetector;
beforeEach(() => {
  found = 0;
  gaps = new GapDetector(() => (found += 1));
});
const received = (number: number, publisher = 'p', nowMs = 0): void => {
  gaps.received({ publisher, number }, nowMs);
};

describe('GapDetector', () => {
  it('finds none where nothing is missing, of any number of publishers', () => {
    for (const publisher of ['a', 'b', 'c'])
      for (let number = 1; number <= 50; number += 1) received(number, publisher);
    for (const publisher of ['a', 'b', 'c']) gaps.counted(publisher, 50, 0);
    expect(found).toBe(0);
  });

  it('finds a number that is skipped, once', () => {
    for (const number of [1, 2, 4, 5]) received(number);
    gaps.counted('p', 5, 0);
    expect(found).toBe(1);
  });

  it('finds by a beat that the last message is lost, once', () => {
    received(1);
    gaps.counted('p', 3, 0);
    gaps.counted('p', 3, 0);
    received(4);
    expect(found).toBe(1);
  });

  it('takes a publisher that begins while it listens as it comes', () => {
    gaps.counted('p', 0, 0);
    received(1);
    received(1, 'without a beat before');
    expect(found).toBe(0);
  });

  it('finds that it missed the start of one it never heard of, by a message or by a beat', () => {
    received(3, 'a');
    gaps.counted('b', 2, 0);
    expect(found).toBe(2);
  });

  it('lets a late or repeated number pass: what it stood for was told as missed before', () => {
    for (const number of [1, 3, 2, 3, 4]) received(number);
    expect(found).toBe(1);
  });

  it('does not let a false number, in a message or in a beat, hide what is lost after it', () => {
    received(1);
    received(Number.MAX_SAFE_INTEGER);
    gaps.counted('p', 1, 0);
    expect(found).toBe(2);
    received(3);
    expect(found).toBe(3);
    gaps.counted('p', Number.MAX_SAFE_INTEGER, 0);
    gaps.counted('p', 3, 0);
    expect(found).toBe(5);
    received(5);
    expect(found).toBe(6);
  });

  it('forgets who is gone for a minute, and trusts nobody who comes back', () => {
    received(7, 'gone', 0);
    received(1, 'there', 50_000);
    gaps.forgetOld(60_001);
    expect(gaps.size).toBe(1);
    received(8, 'gone', 61_000);
    expect(found).toBe(2);
  });

  it('remembers a bounded number of publishers, the latest heard', () => {
    const few = new GapDetector(() => (found += 1), 2);
    for (const publisher of ['a', 'b', 'a', 'c']) few.counted(publisher, 0, 0);
    expect(few.size).toBe(2);
    few.received({ publisher: 'a', number: 1 }, 0);
    expect(found).toBe(0);
  });
});

describe('a place among the news', () => {
  it('travels as one line', () => {
    const counter = new EventCounter();
    const number = counter.next('evt.a');
    expect(readSequenceNumber(writeSequenceNumber(number))).toEqual({ publisher: counter.publisher, number: 1 });
    counter.next('evt.b');
    expect(counter.next('evt.a').number).toBe(2);
    expect(counter.counts()).toEqual([
      { subject: 'evt.a', sent: 2 },
      { subject: 'evt.b', sent: 1 },
    ]);
  });

  it.each([
    undefined,
    '',
    'p',
    'p 0',
    'p -1',
    'p 1.5',
    'p 1e3',
    'p 1234567890123456',
    ' 1',
    'p\u00e9 1',
    `${'p'.repeat(41)} 1`,
  ])('is not read from %j', (text) => {
    expect(readSequenceNumber(text)).toBeUndefined();
  });

  it('is never another run\u2019s', () => {
    expect(new EventCounter().publisher).not.toBe(new EventCounter().publisher);
  });
});
