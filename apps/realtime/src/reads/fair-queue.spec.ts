import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.js';

const keysOf = (taken: readonly (readonly [string, unknown])[]): string[] => taken.map(([key]) => key);

describe('a fair queue', () => {
  it('gives an owner of few items its turn before the second turn of an owner of many', () => {
    const queue = new FairQueue<number>(3);
    for (let index = 0; index < 9; index += 1) queue.add(`a${index}`, index, 'a');
    queue.add('b0', 0, 'b');
    expect(keysOf(queue.take(4))).toEqual(['a0', 'a1', 'a2', 'b0']);
    expect(keysOf(queue.take(9))).toEqual(['a3', 'a4', 'a5', 'a6', 'a7', 'a8']);
  });

  it('moves an item forward when an owner with an earlier turn wants it too', () => {
    const queue = new FairQueue<number>(3);
    for (let index = 0; index < 9; index += 1) queue.add(`a${index}`, index, 'a');
    expect([queue.join('a8', 'b'), queue.join('c', 'b')]).toEqual([8, undefined]);
    expect(keysOf(queue.take(4))).toEqual(['a0', 'a1', 'a2', 'a8']);
  });

  it('gives out every item once and holds nothing afterwards, however it is used', () => {
    const step = fc.oneof(
      fc.record({ key: fc.nat(30), owner: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ take: fc.nat(7) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new FairQueue<string>(4);
        const expected = new Set<string>();
        for (const one of steps) {
          if ('take' in one) {
            for (const [key, item] of queue.take(one.take)) {
              expect(item).toBe(key);
              expect(expected.delete(key)).toBe(true);
            }
          } else if (queue.join(String(one.key), one.owner) === undefined) {
            queue.add(String(one.key), String(one.key), one.owner);
            expected.add(String(one.key));
          }
          expect(queue.size).toBe(expected.size);
        }
        expect(new Set(keysOf(queue.take(100)))).toEqual(expected);
        queue.add('x', 'x', 'a');
        expect(keysOf(queue.take(1))).toEqual(['x']);
      }),
    );
  });
});
