import { SYMBOL } from '@mystocks/validation';
import type { SymbolReads } from '@mystocks/contracts';

/** Somewhat more symbols than the exchanges list, and as many as one message may hold. */
export const SYMBOLS_MAX = 6_000;
/** Cells that wait to be summed up; more of them are summed up early. */
const TOUCHED_MAX = 20_000;
const COUNT_MAX = 1_000_000_000;
const QUOTE = 'quote:';

/** Counts the reads of one answer; the answer carries it, so that a read costs an increment and nothing is looked up. */
export class ReadCell {
  #reads = 0;

  constructor(
    private readonly tags: readonly string[],
    private readonly touched: (cell: ReadCell) => void,
  ) {}

  /** Counts one more request that got the answer. */
  add(): void {
    this.#reads += 1;
    if (this.#reads === 1) this.touched(this);
  }

  /** What was counted since it was taken last, and of which symbols: those the answer's tags name, each once. */
  take(): { readonly reads: number; readonly symbols: Iterable<string> } {
    const reads = this.#reads;
    this.#reads = 0;
    const named = this.tags.map((tag) => (tag.startsWith(QUOTE) ? tag.slice(QUOTE.length) : tag));
    return { reads, symbols: new Set(named.filter((one) => SYMBOL.test(one))) };
  }
}

/**
 * Reads by symbol since they were taken last. Only symbols that an answer's tags name are counted, so what a client
 * makes up is not; beyond {@link SYMBOLS_MAX} symbols nothing new is counted until the next {@link take}.
 */
export class ReadCells {
  #touched: ReadCell[] = [];
  #sums = new Map<string, number>();

  /** A cell for an answer with these tags. */
  cellOf(tags: readonly string[]): ReadCell {
    return new ReadCell(tags, (cell) => {
      this.#touched.push(cell);
      if (this.#touched.length >= TOUCHED_MAX) this.#sumUp();
    });
  }

  /** Everything counted so far; counting begins anew. */
  take(): SymbolReads[] {
    this.#sumUp();
    const reads = [...this.#sums].map(([symbol, count]) => ({ symbol, count }));
    this.#sums = new Map();
    return reads;
  }

  /** Counts again what could not be reported. */
  putBack(reads: readonly SymbolReads[]): void {
    for (const { symbol, count } of reads) this.#add(symbol, count);
  }

  #sumUp(): void {
    const cells = this.#touched;
    this.#touched = [];
    for (const cell of cells) {
      const { reads, symbols } = cell.take();
      for (const symbol of symbols) this.#add(symbol, reads);
    }
  }

  #add(symbol: string, count: number): void {
    const before = this.#sums.get(symbol);
    if (before === undefined && this.#sums.size >= SYMBOLS_MAX) return;
    this.#sums.set(symbol, Math.min(COUNT_MAX, (before ?? 0) + count));
  }
}
