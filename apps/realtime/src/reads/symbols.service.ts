import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, instrumentsChanged, RESOLVED_MAX, resolveInstruments } from '@mystocks/contracts';
import { BatchedReads, type Reader } from './batched-reads.js';

/** Three times what the exchanges list, so that the usual spellings of all instruments fit. */
const KNOWN_MAX = 20_000;
const UNKNOWN_MAX = 20_000;
/**
 * How long an unknown spelling is remembered. It is forgotten at once when instruments change; the limit is for an answer that
 * an instance of market-data gave just before it had read the change itself.
 */
const UNKNOWN_MS = 10_000;

interface UnknownSymbol {
  readonly failure: Failure;
  readonly untilMs: number;
}

/** Finds the canonical symbols of spellings. Remembers what was found, and what was not, until instruments change. */
@Injectable()
export class SymbolsService implements OnModuleInit, OnModuleDestroy {
  readonly #known = new Map<string, string>();
  readonly #unknown = new Map<string, UnknownSymbol>();
  readonly #reads = new BatchedReads<string>(
    { keysMax: RESOLVED_MAX, atOnce: 1, waitingMax: KNOWN_MAX, pause: 1 },
    (spellings) => this.#read(spellings),
  );
  #changes = 0;
  #subscription: { stop(): void } | undefined;

  constructor(private readonly bus: Bus) {}

  onModuleInit(): void {
    const forget = (): void => {
      this.#changes += 1;
      this.#known.clear();
      this.#unknown.clear();
    };
    this.#subscription = this.bus.subscribe(instrumentsChanged, forget, { onGap: forget });
  }

  onModuleDestroy(): void {
    this.#subscription?.stop();
  }

  /** The canonical symbol of each spelling, or a failure: `not_found`, or `conflict` with candidates. */
  async resolve(spellings: readonly string[], reader: Reader): Promise<ReadonlyMap<string, string | Failure>> {
    const nowMs = Date.now();
    const results = new Map<string, string | Failure>();
    for (const spelling of spellings) {
      const result = this.#known.get(spelling) ?? this.#remembered(spelling, nowMs);
      if (result !== undefined) results.set(spelling, result);
    }
    const others = spellings.filter((spelling) => !results.has(spelling));
    for (const [spelling, result] of await this.#reads.get(others, reader)) results.set(spelling, result);
    return results;
  }

  #remembered(spelling: string, nowMs: number): Failure | undefined {
    const unknown = this.#unknown.get(spelling);
    if (unknown === undefined || unknown.untilMs > nowMs) return unknown?.failure;
    this.#unknown.delete(spelling);
    return undefined;
  }

  async #read(spellings: readonly string[]): Promise<ReadonlyMap<string, string | Failure>> {
    const before = this.#changes;
    const { instruments } = await this.bus.call(resolveInstruments, { symbols: [...spellings] });
    // An answer that was made before instruments changed must not be remembered after it.
    const mayRemember = before === this.#changes;
    const untilMs = Date.now() + UNKNOWN_MS;
    const results = new Map<string, string | Failure>();
    for (const { asked, symbol, candidates } of instruments) {
      const result = symbol ?? failureOf(asked, candidates);
      results.set(asked, result);
      if (!mayRemember) continue;
      if (typeof result === 'string') remember(this.#known, [asked, result], KNOWN_MAX);
      else remember(this.#unknown, [asked, { failure: result, untilMs }], UNKNOWN_MAX);
    }
    return results;
  }
}

function failureOf(spelling: string, candidates: readonly string[] | undefined): Failure {
  if (candidates === undefined) {
    return new Failure('not_found', `There is no instrument ${spelling}`, { problem: 'MARKET_DATA_NOT_FOUND' });
  }
  const text = `${spelling} names ${candidates.join(' and ')}`;
  return new Failure('conflict', text, { problem: 'SYMBOL_AMBIGUOUS', candidates });
}

/** Adds an entry, and evicts the oldest one when there are too many. */
function remember<V>(entries: Map<string, V>, [key, value]: readonly [string, V], max: number): void {
  entries.delete(key);
  const [oldest] = entries.keys();
  if (entries.size >= max && oldest !== undefined) entries.delete(oldest);
  entries.set(key, value);
}
