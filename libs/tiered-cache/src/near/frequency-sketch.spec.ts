import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { FrequencySketch } from './frequency-sketch.js';

const keyOf = (name: number | string): string => createHash('sha256').update(String(name)).digest('base64url');

describe('FrequencySketch', () => {
  it('estimates zero for a key that was never used', () => {
    expect(new FrequencySketch(100).of(keyOf('never'))).toBe(0);
  });

  it('never estimates too low, up to fifteen, until the counts are halved', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 900 }), (uses) => {
        const sketch = new FrequencySketch(100);
        const exact = new Map<number, number>();
        for (const name of uses) {
          sketch.add(keyOf(name));
          exact.set(name, (exact.get(name) ?? 0) + 1);
        }
        for (const [name, count] of exact) expect(sketch.of(keyOf(name))).toBeGreaterThanOrEqual(Math.min(count, 15));
      }),
      { numRuns: 30 },
    );
  });

  it('estimates nearly every key exactly when as many keys are used as it is sized for', () => {
    const sketch = new FrequencySketch(10_000);
    for (let name = 0; name < 10_000; name += 1) for (let use = 0; use <= name % 5; use += 1) sketch.add(keyOf(name));
    const wrong = Array.from({ length: 10_000 }, (_, name) => sketch.of(keyOf(name)) !== (name % 5) + 1);
    expect(wrong.filter(Boolean).length).toBeLessThan(500);
  });

  it('halves all counts after many uses, so that new uses weigh more', () => {
    const sketch = new FrequencySketch(100);
    for (let use = 0; use < 12; use += 1) sketch.add(keyOf('once'));
    for (let use = 0; use < 990; use += 1) sketch.add(keyOf(`other-${use}`));
    expect(sketch.of(keyOf('once'))).toBeLessThan(10);
    expect(sketch.of(keyOf('once'))).toBeGreaterThanOrEqual(6);
  });

  it('distinguishes an answer from its views', () => {
    const sketch = new FrequencySketch(100);
    sketch.add(`${keyOf('answer')}|v1`);
    expect(sketch.of(keyOf('answer'))).toBe(0);
    expect(sketch.of(`${keyOf('answer')}|v1`)).toBe(1);
  });
});
