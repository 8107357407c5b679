import type { SupersededLine } from '@mystocks/contracts';
import type { KeyLines } from './key-lines.js';

/** Instructions for a block, so that the result is the same as if the lines of its file had been stored one after the other. */
export interface BlockOrder {
  /** Rows of the block that must not be stored, with the line of another block that is stored instead. */
  readonly dropped: ReadonlyMap<number, number>;
  /** Dropped rows that have values which no later line gives, as bits of {@link KeyLines.given}: these are stored. */
  readonly filling: ReadonlyMap<number, number>;
  /** Lines of other blocks that lines of this block replace. */
  readonly replaced: readonly SupersededLine[];
  /** How many of the replaced lines no block has counted as superseded before. */
  readonly newlyReplaced: number;
  /** First lines of the blocks that must be stored before this one, because it replaces some of their values. */
  readonly after: readonly number[];
}

/** A block that was claimed before, and a row that it has a line for. */
interface SharedRow {
  readonly row: number;
  readonly block: number;
}

/** The lines for the rows of a block that the blocks on one side of it (further up or further down in the file) contain. */
class Side {
  /** By row: the line that is nearest to its own. */
  readonly nearest = new Map<number, number>();
  readonly shared: SharedRow[] = [];
  /** By row: the values that lines on this side give. */
  readonly given: Uint8Array;
  readonly #covered: Uint8Array;

  constructor(private readonly own: KeyLines) {
    this.given = new Uint8Array(own.keys.length);
    this.#covered = new Uint8Array(own.keys.length);
  }

  /** Takes a line of a block that is farther away than those before it. */
  add(row: number, block: number, { line, given }: { readonly line: number; readonly given: number }): void {
    if (this.#covered[row] === 1) return;
    if (!this.nearest.has(row)) this.nearest.set(row, line);
    this.shared.push({ row, block });
    const all = (this.given[row] ?? 0) | given;
    this.given[row] = all;
    if (((this.own.given[row] ?? 0) & ~all) === 0) this.#covered[row] = 1;
  }

  /** Keys of the rows for which blocks farther away may have a line that matters. */
  get open(): Float64Array {
    return this.own.keys.filter((_, row) => this.#covered[row] === 0);
  }
}

/**
 * Compares a block with the blocks of its file that were claimed before it. Blocks of one file are claimed one after the
 * other, so of two blocks that share a key exactly one, the one claimed later, sees the other. Where the other block has a
 * later line, the row is dropped but for the values that no later line gives, which may be stored before or after that line.
 * Else the block waits until the other block is stored and replaces its row. Blocks wait only for blocks further up in the
 * file, so they never wait for each other in a circle.
 *
 * On each side the blocks are given from the nearest to the farthest. Of those further up a row needs the nearest line, and
 * for each of its values the nearest line that gives it: lines beyond these were stored before them, or were dropped.
 */
export class BlockComparison {
  readonly above: Side;
  readonly below: Side;
  readonly #own: KeyLines;
  readonly #rowOf: ReadonlyMap<number, number>;

  constructor(own: KeyLines) {
    this.#own = own;
    this.#rowOf = new Map([...own.keys].map((key, row) => [key, row]));
    [this.above, this.below] = [new Side(own), new Side(own)];
  }

  /** Takes a block that was claimed before. */
  add(block: number, { keys, lines, given }: KeyLines): void {
    for (let at = 0; at < keys.length; at += 1) {
      const row = this.#rowOf.get(keys[at] as number);
      if (row === undefined) continue;
      const line = lines[at] as number;
      const side = line < (this.#own.lines[row] as number) ? this.above : this.below;
      side.add(row, block, { line, given: given[at] as number });
    }
  }

  order(): BlockOrder {
    const { above, below } = this;
    const dropped = below.nearest;
    const filling = new Map<number, number>();
    for (const row of dropped.keys()) {
      const bits = (this.#own.given[row] ?? 0) & ~(below.given[row] ?? 0);
      if (bits !== 0) filling.set(row, bits);
    }
    const after = above.shared.filter(({ row }) => !dropped.has(row) || filling.has(row));
    return {
      dropped,
      filling,
      // This also applies when the row of this block is dropped: it then corrects which line superseded the earlier one.
      replaced: [...above.nearest].map(([row, line]) => ({ line, by: this.#own.lines[row] as number })),
      newlyReplaced: [...above.nearest.keys()].filter((row) => !dropped.has(row)).length,
      after: [...new Set(after.map(({ block }) => block))],
    };
  }
}
