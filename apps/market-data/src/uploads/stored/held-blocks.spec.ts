import { expect, it } from '@jest/globals';
import { HeldBlocks } from './held-blocks.js';

const bytes = (count: number): Buffer => Buffer.allocUnsafeSlow(count);

it('holds what came last, within its bound, and hands each block over once', () => {
  const held = new HeldBlocks(100);
  held.hold('a', 2, bytes(40));
  held.hold('b', 2, bytes(40));
  held.hold('a', 9, bytes(40));
  expect(held.take('a', 2)).toBeUndefined();
  expect(held.take('b', 2)).toHaveLength(40);
  expect(held.take('b', 2)).toBeUndefined();
  held.hold('a', 12, bytes(60));
  expect(held.take('a', 9)).toHaveLength(40);
  expect(held.take('a', 12)).toHaveLength(60);
});

it('holds nothing that is larger than its bound', () => {
  const held = new HeldBlocks(10);
  held.hold('a', 1, bytes(11));
  expect(held.take('a', 1)).toBeUndefined();
});

it('gives the memory of what it drops back at once', () => {
  const held = new HeldBlocks(100);
  const [dropped, kept] = [bytes(60), bytes(60)];
  held.hold('a', 1, dropped);
  held.hold('a', 2, kept);
  expect(dropped.buffer.byteLength).toBe(0);
  expect(kept).toHaveLength(60);
});
