import { describe, expect, it } from '@jest/globals';
import { OneATurn } from './one-a-turn.js';

describe('OneATurn', () => {
  it('lets other events of the loop go between two pieces of work, and keeps their order', async () => {
    const order: string[] = [];
    const turns = new OneATurn();
    for (let index = 0; index < 4; index += 1) turns.run(() => order.push(`work ${index}`));
    for (let index = 0; index < 4; index += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('other');
    }
    expect(order).toEqual(['work 0', 'other', 'work 1', 'other', 'work 2', 'other', 'work 3', 'other']);
  });

  it('goes on when it has rested, and when more comes from within', async () => {
    const order: number[] = [];
    const turns = new OneATurn();
    const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    turns.run(() => {
      order.push(1);
      turns.run(() => order.push(2));
    });
    await settled();
    turns.run(() => order.push(3));
    await settled();
    expect(order).toEqual([1, 2, 3]);
  });
});
