import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockComparison, type BlockOrder } from './block-order.js';
import { packKeyLines, unpackKeyLines, type KeyLines } from './key-lines.js';

/** A line of a file: the bar it is about, and which optional values it gives. What it gives is the number of the line. */
interface ModelLine {
  readonly key: number;
  readonly given: number;
}
type File = readonly ModelLine[];

const OPTIONAL = [0, 1, 2];
/** A bar: the line that its prices come from, and the line that each optional value comes from. */
interface ModelBar {
  readonly price: number;
  readonly optional: readonly (number | undefined)[];
}
type Bars = Map<number, ModelBar>;

interface ModelBlock {
  readonly first: number;
  readonly rows: KeyLines;
  readonly bars: Bars;
  /** Lines that later lines of the same block replace. */
  readonly within: ReadonlyMap<number, number>;
}

const aLine = fc.record({ key: fc.integer({ min: 0, max: 12 }), given: fc.integer({ min: 0, max: 7 }) });
const aFile = fc.array(aLine, { minLength: 1, maxLength: 60 });
const cuts = fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 8 });
/** Bars that stand before the file: from line 0. */
const before = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 4 });
const standing = (keys: readonly number[]): Bars =>
  new Map(keys.map((key) => [key, { price: 0, optional: OPTIONAL.map(() => 0) }]));

const has = (given: number, bit: number): boolean => (given & (1 << bit)) !== 0;
/** A bar with what a later one gives. */
const merged = (bar: ModelBar | undefined, later: ModelBar): ModelBar => ({
  price: later.price,
  optional: OPTIONAL.map((bit) => later.optional[bit] ?? bar?.optional[bit]),
});
const barOf = (line: number, given: number): ModelBar => ({
  price: line,
  optional: OPTIONAL.map((bit) => (has(given, bit) ? line : undefined)),
});
const givenOf = ({ optional }: ModelBar): number =>
  OPTIONAL.reduce((bits, bit) => bits | (optional[bit] === undefined ? 0 : 1 << bit), 0);

/** Blocks of the lines between the cuts; of lines with one key in a block the last one is stored. */
function blocksOf(file: File, at: readonly number[]): ModelBlock[] {
  const starts = [...new Set([0, ...at.filter((cut) => cut < file.length)])].sort((a, b) => a - b);
  return starts.map((start, index) => {
    const bars: Bars = new Map();
    const within = new Map<number, number>();
    for (let line = start; line < (starts[index + 1] ?? file.length); line += 1) {
      const { key, given } = file[line] as ModelLine;
      const known = bars.get(key);
      if (known !== undefined) within.set(known.price, line + 1);
      bars.set(key, merged(known, barOf(line + 1, given)));
    }
    const rows = {
      keys: Float64Array.from(bars.keys()),
      lines: Float64Array.from(bars.values(), ({ price }) => price),
      given: Uint8Array.from(bars.values(), givenOf),
    };
    return { first: start + 1, rows, bars, within };
  });
}

/** Compares with the blocks of each side from the nearest on, until those farther away cannot matter. */
function orderOf(block: ModelBlock, claimedBefore: readonly ModelBlock[]): BlockOrder {
  const comparison = new BlockComparison(block.rows);
  const distance = ({ first }: ModelBlock): number => Math.abs(first - block.first);
  for (const { first, rows } of claimedBefore.toSorted((a, b) => distance(a) - distance(b))) {
    const side = first < block.first ? comparison.above : comparison.below;
    if (side.open.length > 0) comparison.add(first, unpackKeyLines(packKeyLines(rows)));
  }
  return comparison.order();
}

/** Stores a block as both stores do: rows replace and keep what they lack, dropped ones fill in. */
function storeBlock(bars: Bars, { rows, bars: own }: ModelBlock, { dropped, filling }: BlockOrder): void {
  rows.keys.forEach((key, row) => {
    const given = own.get(key) as ModelBar;
    const stands = bars.get(key);
    if (!dropped.has(row)) bars.set(key, merged(stands, given));
    const bits = filling.get(row);
    if (bits === undefined) return;
    const optional = OPTIONAL.map((bit) => (has(bits, bit) ? given.optional[bit] : stands?.optional[bit]));
    bars.set(key, { price: stands?.price ?? given.price, optional });
  });
}

/** Claims the blocks in `claims` order, then stores any block that need not wait, as `pick` chooses. */
function storedBy(
  blocks: readonly ModelBlock[],
  { claims, stood }: { readonly claims: readonly number[]; readonly stood: Bars },
  pick: (from: number) => number,
) {
  const claimed: ModelBlock[] = [];
  const waiting: { block: ModelBlock; order: BlockOrder }[] = [];
  const stored = new Set<number>();
  const bars = new Map(stood);
  const store = (): void => {
    const ready = waiting.filter(({ order }) => order.after.every((first) => stored.has(first)));
    const next = ready[pick(ready.length)];
    if (next === undefined) throw new Error('all blocks wait for each other');
    waiting.splice(waiting.indexOf(next), 1);
    storeBlock(bars, next.block, next.order);
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
  return { bars, orders, claimed };
}

function inTurn(file: File, stood: Bars): Bars {
  const bars = new Map(stood);
  file.forEach(({ key, given }, at) => bars.set(key, merged(bars.get(key), barOf(at + 1, given))));
  return bars;
}
const sorted = (bars: Bars): Bars => new Map([...bars].sort(([a], [b]) => a - b));

describe('the order of the blocks of a file', () => {
  it('ends as if the lines had been stored one after the other, and counts every superseded line once', () => {
    fc.assert(
      fc.property(aFile, cuts, before, fc.infiniteStream(fc.nat()), (file, at, keys, numbers) => {
        const stood = standing(keys);
        const pick = (from: number): number => (numbers.next().value as number) % Math.max(from, 1);
        const blocks = blocksOf(file, at);
        const claims = blocks.map((_, index) => index);
        for (let left = claims.length - 1; left > 0; left -= 1) {
          const other = pick(left + 1);
          [claims[left], claims[other]] = [claims[other] as number, claims[left] as number];
        }
        const { bars, orders, claimed } = storedBy(blocks, { claims, stood }, pick);
        expect(sorted(bars)).toEqual(sorted(inTurn(file, stood)));
        for (const [index, { after }] of orders.entries()) {
          for (const first of after) expect(first).toBeLessThan(claimed[index]?.first ?? 0);
        }

        const superseded = file.length - new Set(file.map(({ key }) => key)).size;
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
          expect(file[later - 1]?.key).toBe(file[line - 1]?.key);
        }
        // The same report whatever the order of the claims was.
        const sequential = storedBy(blocks, { claims: [...blocks.keys()], stood }, () => 0);
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
        const own = lines.slice(0, keys.length);
        const given = Uint8Array.from(own, (line) => line % 16);
        const block = { keys: Float64Array.from(keys), lines: Float64Array.from(own), given };
        expect(unpackKeyLines(packKeyLines(block))).toEqual(block);
      }),
    );
  });

  it('takes about a kilobyte for ten thousand bars in order', () => {
    const keys = Float64Array.from({ length: 10_000 }, (_, row) => 2 ** 40 + row * 2_048);
    const lines = Float64Array.from(keys, (_, row) => row + 2);
    expect(packKeyLines({ keys, lines, given: new Uint8Array(keys.length).fill(3) }).length).toBeLessThan(2_000);
  });
});
