import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { AdmittedEntries, type AdmittedEntriesOptions } from './admitted-entries.js';

interface Value {
  readonly bytes: number;
}

const keyOf = (name: number | string): string => createHash('sha256').update(String(name)).digest('base64url');

function open(options: Partial<AdmittedEntriesOptions<Value>> = {}): AdmittedEntries<Value> {
  return new AdmittedEntries({
    entriesMax: 100,
    bytesMax: 1_000_000,
    bytesOf: (value) => value.bytes,
    onRemoved: () => undefined,
    ...options,
  });
}

/** Reads as a cache is read: a missing value is fetched and stored. */
function read(entries: AdmittedEntries<Value>, name: number | string): boolean {
  const isHit = entries.get(keyOf(name)) !== undefined;
  if (!isHit) entries.set(keyOf(name), { bytes: 1 });
  return isHit;
}

describe('AdmittedEntries', () => {
  it('keeps values that are used often through a sweep of ten times its size', () => {
    const entries = open();
    for (let round = 0; round < 10; round += 1) for (let hot = 0; hot < 80; hot += 1) read(entries, `hot-${hot}`);
    for (let swept = 0; swept < 1_000; swept += 1) read(entries, `swept-${swept}`);
    const left = Array.from({ length: 80 }, (_, hot) => entries.peek(keyOf(`hot-${hot}`))).filter(Boolean);
    // One or another shares its counters with swept ones.
    expect(left.length).toBeGreaterThan(75);
    expect(entries.size).toBe(100);
  });

  it('always admits a new value, and keeps it when it is used again and again', () => {
    const entries = open();
    for (let round = 0; round < 3; round += 1) for (let old = 0; old < 200; old += 1) read(entries, `old-${old}`);
    expect(read(entries, 'new')).toBe(false);
    for (let use = 0; use < 10; use += 1) expect(read(entries, 'new')).toBe(true);
    for (let swept = 0; swept < 200; swept += 1) read(entries, `swept-${swept}`);
    expect(read(entries, 'new')).toBe(true);
  });

  it('evicts values that are no longer popular', () => {
    const entries = open();
    for (let round = 0; round < 20; round += 1) for (let old = 0; old < 95; old += 1) read(entries, `old-${old}`);
    let hits = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let now = 0; now < 90; now += 1) hits += Number(read(entries, `now-${now}`) && round >= 30);
    }
    expect(hits).toBeGreaterThan(850);
  });

  it('evicts stale values first', () => {
    const entries = open();
    for (let at = 0; at < 100; at += 1) read(entries, at);
    for (let at = 0; at < 40; at += 1) entries.markStale(keyOf(at));
    expect(entries.size).toBe(100);
    expect(entries.get(keyOf(0))).toBeUndefined();
    expect(entries.peek(keyOf(0))).toBeDefined();
    for (let at = 100; at < 130; at += 1) entries.set(keyOf(at), { bytes: 1 });
    const there = (from: number, to: number): number =>
      Array.from({ length: to - from }, (_, step) => entries.peek(keyOf(from + step))).filter(Boolean).length;
    expect([there(0, 30), there(30, 40), there(40, 100), there(100, 130)]).toEqual([0, 10, 60, 30]);
  });

  it('admits a value that is larger than the window, and none above its own bound', () => {
    const entries = open({ bytesMax: 1_000 });
    expect(entries.set(keyOf('large'), { bytes: 900 })).toBe(true);
    expect(entries.set(keyOf('too large'), { bytes: 1_001 })).toBe(false);
    expect(entries.set(keyOf('large'), { bytes: 1_001 })).toBe(false);
    expect(entries.get(keyOf('large'))).toEqual({ bytes: 900 });
  });

  const act = fc.record({
    kind: fc.constantFrom('get', 'getKnown', 'set', 'set', 'set', 'markStale', 'delete', 'clear'),
    name: fc.nat(30),
    bytes: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 120 }) }, fc.integer({ min: 120, max: 450 })),
  });

  it('never holds more than its bounds, returns the last value that was set or nothing, and reports each removed value', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (acts, entriesMax) => {
        const held = new Map<string, Value>();
        const bytesMax = 400;
        const onGone = (key: string, value: Value): void => {
          // The reported value is the one that was there, or the new one that was not admitted.
          if (held.get(key) === value) held.delete(key);
        };
        const entries = open({ entriesMax, bytesMax, onRemoved: onGone });
        for (const { kind, name, bytes } of acts) {
          const key = keyOf(name);
          if (kind === 'set') {
            const value = { bytes };
            if (entries.set(key, value)) held.set(key, value);
          } else if (kind === 'clear') {
            entries.clear();
            held.clear();
          } else {
            entries[kind](key);
          }
          expect(entries.size).toBeLessThanOrEqual(entriesMax);
          expect(entries.bytes).toBeLessThanOrEqual(bytesMax);
          expect(entries.size).toBe(held.size);
          expect(entries.bytes).toBe([...held.values()].reduce((sum, value) => sum + value.bytes, 0));
          for (const [one, value] of held) expect(entries.peek(one)).toBe(value);
        }
      }),
    );
  });
});
