import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockComparison, type BlockOrder } from './block-order.js';
import { packKeyLines, unpackKeyLines, type KeyLines } from './key-lines.js';

/** A line of a file: the bar it is about. Its value is the number of the line, so that no two lines say the same. */
type File = readonly number[];

interface ModelBlock {
  readonly first: number;
  readonly rows: KeyLines;
  /** Lines that later lines of the same block replace. */
  readonly within: ReadonlyMap<number, number>;
}

const aFile = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 });
const cuts = fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 8 });

/** Blocks of the lines between the cuts; of lines with one key in a block the last one is stored. */
function blocksOf(file: File, at: readonly number[]): ModelBlock[] {
  const starts = [...new Set([0, ...at.filter((cut) => cut < file.length)])].sort((a, b) => a - b);
  return starts.map((start, index) => {
    const last = new Map<number, number>();
    const within = new Map<number, number>();
    for (let line = start; line < (starts[index + 1] ?? file.length); line += 1) {
      const key = file[line] as number;
      const before = last.get(key);
      if (before !== undefined) within.set(before, line + 1);
      last.set(key, line + 1);
    }
    const rows = { keys: Float64Array.from(last.keys()), lines: Float64Array.from(last.values()) };
    return { first: start + 1, rows, within };
  });
}

const orderOf = (block: ModelBlock, claimedBefore: readonly ModelBlock[]): BlockOrder => {
  const comparison = new BlockComparison(block.rows);
  for (const { first, rows } of claimedBefore) comparison.add(first, unpackKeyLines(packKeyLines(rows)));
  return comparison.order();
};

/** Claims the blocks in `claims` order, then stores any block that need not wait, as `pick` chooses. */
function storedBy(blocks: readonly ModelBlock[], claims: readonly number[], pick: (from: number) => number) {
  const claimed: ModelBlock[] = [];
  const waiting: { block: ModelBlock; order: BlockOrder }[] = [];
  const stored = new Set<number>();
  const values = new Map<number, number>();
  const store = (): void => {
    const ready = waiting.filter(({ order }) => order.after.every((first) => stored.has(first)));
    const next = ready[pick(ready.length)];
    if (next === undefined) throw new Error('all blocks wait for each other');
    waiting.splice(waiting.indexOf(next), 1);
    next.block.rows.keys.forEach((key, row) => {
      if (!next.order.dropped.has(row)) values.set(key, next.block.rows.lines[row] as number);
    });
    stored.add(next.block.first);
  };
  const orders: BlockOrder[] = [];
  for (const at of claims) {
    const block = blocks[at] as ModelBlock;
    const order = orderOf(block, claimed);
    claimed.push(block);
    orders.push(order);
    waiting.push({ block, order });
    if (pick(2) === 1) {
      const ready = waiting.some((one) => one.order.after.every((first) => stored.has(first)));
      if (ready) store();
    }
  }
  while (waiting.length > 0) store();
  return { values, orders, claimed };
}

const inTurn = (file: File): Map<number, number> => new Map(file.map((key, at) => [key, at + 1]));

describe('the order of the blocks of a file', () => {
  it('ends as if the lines had been stored one after the other, and counts every superseded line once', () => {
    fc.assert(
      fc.property(aFile, cuts, fc.infiniteStream(fc.nat()), (file, at, numbers) => {
        const pick = (from: number): number => (numbers.next().value as number) % Math.max(from, 1);
        const blocks = blocksOf(file, at);
        const claims = blocks.map((_, index) => index);
        for (let left = claims.length - 1; left > 0; left -= 1) {
          const other = pick(left + 1);
          [claims[left], claims[other]] = [claims[other] as number, claims[left] as number];
        }
        const { values, orders, claimed } = storedBy(blocks, claims, pick);
        expect(new Map([...values].sort())).toEqual(new Map([...inTurn(file)].sort()));

        const superseded = file.length - new Set(file).size;
        const within = blocks.reduce((sum, block) => sum + block.within.size, 0);
        const between = orders.reduce((sum, { dropped, newlyReplaced }) => sum + dropped.size + newlyReplaced, 0);
        expect(within + between).toBe(superseded);

        const by = new Map<number, number>();
        const note = (line: number, later: number): unknown => by.set(line, Math.min(later, by.get(line) ?? Infinity));
        for (const block of blocks) for (const [line, later] of block.within) note(line, later);
        orders.forEach((order, index) => {
          for (const { line, by: later } of order.replaced) note(line, later);
          for (const [row, later] of order.dropped) note(claimed[index]?.rows.lines[row] as number, later);
        });
        expect(by.size).toBe(superseded);
        for (const [line, later] of by) {
          expect(later).toBeGreaterThan(line);
          expect(file[later - 1]).toBe(file[line - 1]);
        }
        // The same report whatever the order of the claims was.
        const sequential = storedBy(blocks, [...blocks.keys()], () => 0);
        const inOrder = new Map(sequential.orders.flatMap(({ replaced }) => replaced.map((one) => [one.line, one.by])));
        for (const block of blocks) for (const [line, later] of block.within) inOrder.set(line, later);
        expect(new Map([...by].sort())).toEqual(new Map([...inOrder].sort()));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps keys and lines exactly, in any order and up to 53 bits', () => {
    const rows = fc.uniqueArray(fc.maxSafeNat(), { maxLength: 50 });
    fc.assert(
      fc.property(rows, fc.array(fc.maxSafeNat(), { minLength: 50, maxLength: 50 }), (keys, lines) => {
        const given = { keys: Float64Array.from(keys), lines: Float64Array.from(lines.slice(0, keys.length)) };
        expect(unpackKeyLines(packKeyLines(given))).toEqual(given);
      }),
    );
  });

  it('takes about a kilobyte for ten thousand bars in order', () => {
    const keys = Float64Array.from({ length: 10_000 }, (_, row) => 2 ** 40 + row * 2_048);
    const lines = Float64Array.from(keys, (_, row) => row + 2);
    expect(packKeyLines({ keys, lines }).length).toBeLessThan(2_000);
  });
});
