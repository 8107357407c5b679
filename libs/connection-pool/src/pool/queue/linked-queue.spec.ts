import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LinkedQueue, type QueueEntry } from './linked-queue.js';

describe('LinkedQueue', () => {
  it('keeps the order of arrival when entries leave and come back', () => {
    const steps = fc.array(fc.oneof(fc.constant('arrive'), fc.constant('serve'), fc.constant('back'), fc.nat(20)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (script) => {
        const queue = new LinkedQueue<QueueEntry>();
        const expected: QueueEntry[] = [];
        const served: QueueEntry[] = [];
        let turn = 0;
        for (const step of script) {
          if (step === 'arrive') {
            const entry = { turn: (turn += 1) };
            queue.add(entry);
            expected.push(entry);
          } else if (step === 'serve') {
            const first = queue.shift();
            expect(first).toBe(expected.shift());
            if (first !== undefined) served.push(first);
          } else if (step === 'back') {
            const entry = served.pop();
            if (entry === undefined) continue;
            queue.add(entry);
            expected.push(entry);
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
