import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Waiters, type Waiter } from './linked-queue.js';

describe('the queue', () => {
  it('keeps the order of asking, whoever leaves and comes back', () => {
    const steps = fc.array(fc.oneof(fc.constant('ask'), fc.constant('serve'), fc.constant('back'), fc.nat(20)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (script) => {
        const queue = new Waiters<Waiter>();
        const expected: Waiter[] = [];
        const served: Waiter[] = [];
        let turn = 0;
        for (const step of script) {
          if (step === 'ask') {
            const waiter = { turn: (turn += 1) };
            queue.add(waiter);
            expected.push(waiter);
          } else if (step === 'serve') {
            const first = queue.shift();
            expect(first).toBe(expected.shift());
            if (first !== undefined) served.push(first);
          } else if (step === 'back') {
            const waiter = served.pop();
            if (waiter === undefined) continue;
            queue.add(waiter);
            expected.push(waiter);
            expected.sort((a, b) => a.turn - b.turn);
          } else if (typeof step === 'number' && step < expected.length) {
            const [left] = expected.splice(step, 1);
            if (left !== undefined) queue.remove(left);
          }
          expect([...queue].map((one) => one.turn)).toEqual(expected.map((one) => one.turn));
          expect(queue.size).toBe(expected.length);
        }
      }),
    );
  });
});
