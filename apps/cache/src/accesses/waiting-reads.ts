import type { SymbolReads } from '@mystocks/contracts';
import type { HourOfReads } from './accesses.repository.js';

const HOUR_MS = 3_600_000;
/** Counts of a symbol and hour that wait for the database: a day of every symbol the exchanges list. */
const WAITING_MAX = 130_000;

/** Reads that are yet to be stored, by hour and symbol. */
export class WaitingReads {
  #byHour = new Map<number, Map<string, number>>();
  #size = 0;
  #dropped = 0;

  /** Counts of a symbol and hour. */
  get size(): number {
    return this.#size;
  }

  /** Reads there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds reads that were reported at `nowMs`, and returns for how many symbols there was room. */
  add(reads: readonly SymbolReads[], nowMs: number): number {
    const hourMs = nowMs - (nowMs % HOUR_MS);
    return reads.filter(({ symbol, count }) => this.#add(hourMs, symbol, count)).length;
  }

  /** Everything that waits; nothing waits any more. */
  take(): HourOfReads[] {
    const taken = [...this.#byHour].flatMap(([hourMs, symbols]) =>
      [...symbols].map(([symbol, reads]) => ({ hourMs, symbol, reads })),
    );
    this.#byHour = new Map();
    this.#size = 0;
    return taken;
  }

  /** What could not be stored waits again. */
  putBack(taken: readonly HourOfReads[]): void {
    for (const { hourMs, symbol, reads } of taken) this.#add(hourMs, symbol, reads);
  }

  #add(hourMs: number, symbol: string, count: number): boolean {
    const symbols = this.#byHour.get(hourMs) ?? new Map<string, number>();
    const before = symbols.get(symbol);
    if (before === undefined && this.#size >= WAITING_MAX) {
      this.#dropped += count;
      return false;
    }
    if (before === undefined) this.#size += 1;
    symbols.set(symbol, (before ?? 0) + count);
    this.#byHour.set(hourMs, symbols);
    return true;
  }
}
