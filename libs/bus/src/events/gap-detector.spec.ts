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
  it('reports no gap while no message of any publisher is missing', () => {
    for (const publisher of ['a', 'b', 'c'])
      for (let number = 1; number <= 50; number += 1) received(number, publisher);
    for (const publisher of ['a', 'b', 'c']) gaps.counted(publisher, 50, 0);
    expect(found).toBe(0);
  });

  it('reports a skipped sequence number once', () => {
    for (const number of [1, 2, 4, 5]) received(number);
    gaps.counted('p', 5, 0);
    expect(found).toBe(1);
  });

  it('reports the loss of the last message once, when a heartbeat arrives', () => {
    received(1);
    gaps.counted('p', 3, 0);
    gaps.counted('p', 3, 0);
    received(4);
    expect(found).toBe(1);
  });

  it('reports no gap for a publisher that starts after the subscriber', () => {
    gaps.counted('p', 0, 0);
    received(1);
    received(1, 'without a beat before');
    expect(found).toBe(0);
  });

  it('reports a gap for an unknown publisher that has published before, at its first message or heartbeat', () => {
    received(3, 'a');
    gaps.counted('b', 2, 0);
    expect(found).toBe(2);
  });

  it('ignores a late or repeated number, whose loss was reported before', () => {
    for (const number of [1, 3, 2, 3, 4]) received(number);
    expect(found).toBe(1);
  });

  it('reports later losses although a wrong number came in a message or a heartbeat', () => {
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

  it('forgets a publisher after a minute and reports a gap if it comes back', () => {
    received(7, 'gone', 0);
    received(1, 'there', 50_000);
    gaps.forgetOld(60_001);
    expect(gaps.size).toBe(1);
    received(8, 'gone', 61_000);
    expect(found).toBe(2);
  });

  it('remembers a bounded number of publishers, those seen last', () => {
    const few = new GapDetector(() => (found += 1), 2);
    for (const publisher of ['a', 'b', 'a', 'c']) few.counted(publisher, 0, 0);
    expect(few.size).toBe(2);
    few.received({ publisher: 'a', number: 1 }, 0);
    expect(found).toBe(0);
  });
});

describe('a sequence number', () => {
  it('writes a sequence number as one line and reads it back', () => {
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
  ])('reads no sequence number from %j', (text) => {
    expect(readSequenceNumber(text)).toBeUndefined();
  });

  it('uses another publisher id for each run', () => {
    expect(new EventCounter().publisher).not.toBe(new EventCounter().publisher);
  });
});
