import type { SupersededLine } from '@mystocks/contracts';
import type { KeyLines } from './key-lines.js';

/** What a block must do so that its file ends as if its lines had been stored one after the other. */
export interface BlockOrder {
  /** Rows of the block that must not be stored, with the line of another block that is stored instead. */
  readonly dropped: ReadonlyMap<number, number>;
  /** Lines of other blocks that lines of this block replace. */
  readonly replaced: readonly SupersededLine[];
  /** Those of them that no block has counted as superseded before. */
  readonly newlyReplaced: number;
  /** Blocks, by their first line, that must be stored before this one: it replaces rows of theirs. */
  readonly after: readonly number[];
}

interface EarlierLine {
  readonly line: number;
  /** First line of its block. */
  readonly block: number;
}

/**
 * Compares a block with the blocks of its file that were claimed before it. Blocks of one file are claimed one after the
 * other, so of two blocks that share a key exactly one, the one claimed later, sees the other. It either drops its row,
 * because the other block has a later line, or waits until the other block is stored and replaces that row. Blocks wait
 * only for blocks further up in the file, so they never wait for each other in a circle.
 */
export class BlockComparison {
  readonly #own: KeyLines;
  readonly #rowOf: ReadonlyMap<number, number>;
  /** By row: the nearest later line that another block has for its key. */
  readonly #later = new Map<number, number>();
  /** By row: the nearest earlier line that another block has for its key. */
  readonly #earlier = new Map<number, EarlierLine>();

  constructor(own: KeyLines) {
    this.#own = own;
    this.#rowOf = new Map([...own.keys].map((key, row) => [key, row]));
  }

  /** Takes a block that was claimed before. */
  add(block: number, { keys, lines }: KeyLines): void {
    for (let at = 0; at < keys.length; at += 1) {
      const row = this.#rowOf.get(keys[at] as number);
      if (row === undefined) continue;
      const line = lines[at] as number;
      if (line < (this.#own.lines[row] as number)) this.#addEarlier(row, { line, block });
      else this.#later.set(row, Math.min(line, this.#later.get(row) ?? Infinity));
    }
  }

  order(): BlockOrder {
    const replacing = [...this.#earlier].filter(([row]) => !this.#later.has(row));
    return {
      dropped: this.#later,
      // Also where this block's own row is dropped: then it corrects which line was the next one.
      replaced: [...this.#earlier].map(([row, { line }]) => ({ line, by: this.#own.lines[row] as number })),
      newlyReplaced: replacing.length,
      after: [...new Set(replacing.map(([, { block }]) => block))],
    };
  }

  #addEarlier(row: number, earlier: EarlierLine): void {
    const known = this.#earlier.get(row);
    if (known === undefined || known.line < earlier.line) this.#earlier.set(row, earlier);
  }
}
