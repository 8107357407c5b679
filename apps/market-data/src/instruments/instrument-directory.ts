import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import type { WritingClient } from '@mystocks/connection-pool';
import { Failure, instrumentsChanged } from '@mystocks/contracts';
import { systemClock, type Clock } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import { removedMeanwhile } from './removed-meanwhile.js';
import { InstrumentsRepository, type Instrument } from './instruments.repository.js';
import { listedFirst, parseAlias } from './symbols.js';

const REFRESH_AFTER_MS = 30_000;
// An unknown symbol asks the database again, but a flood of unknown symbols does not.
const REFRESH_UNKNOWN_AFTER_MS = 1_000;

interface LoadedInstruments {
  readonly bySymbol: ReadonlyMap<string, Instrument>;
  readonly symbols: ReadonlyMap<number, string>;
  /** Ids of those of which something is stored: they are never removed. */
  readonly inUse: ReadonlySet<number>;
  readonly byCode: ReadonlyMap<string, readonly Instrument[]>;
  /** When it was asked for. */
  readonly atMs: number;
  /** How many change events had arrived when the load began. */
  readonly changes: number;
}

/** All instruments in memory (some 6,000), so that a symbol costs no query; the database stays the truth. */
@Injectable()
export class InstrumentDirectory implements OnModuleInit, OnModuleDestroy {
  readonly #clock: Clock = systemClock;
  #snapshot: LoadedInstruments | undefined;
  #loading: Promise<LoadedInstruments> | undefined;
  #subscription: { stop(): void } | undefined;
  #changes = 0;

  constructor(
    private readonly repository: InstrumentsRepository,
    private readonly bus: Bus,
  ) {}

  onModuleInit(): void {
    const changed = (): void => {
      this.#changes += 1;
      this.#refreshInBackground();
    };
    this.#subscription = this.bus.subscribe(instrumentsChanged, changed, { onGap: changed });
  }

  onModuleDestroy(): void {
    this.#subscription?.stop();
  }

  /** The instrument that a client's spelling names; not_found or conflict (`SYMBOL_AMBIGUOUS`) otherwise. */
  async resolve(alias: string): Promise<Instrument> {
    const found = await this.find(alias);
    if (found === undefined) {
      throw new Failure('not_found', `There is no instrument ${alias}`, { problem: 'MARKET_DATA_NOT_FOUND' });
    }
    return found;
  }

  /** The same, with undefined for an unknown instrument. */
  async find(alias: string): Promise<Instrument | undefined> {
    const parsed = parseAlias(alias);
    if (parsed === undefined) throw new Failure('invalid', 'Not a symbol', { problem: 'SYMBOL_INVALID_FORMAT' });
    const known = pick(await this.#current(), parsed);
    return known ?? pick(await this.#renewed(), parsed);
  }

  /** Every instrument by canonical symbol, not older than 30 s. */
  async all(): Promise<ReadonlyMap<string, Instrument>> {
    return (await this.#current()).bySymbol;
  }

  /** Canonical symbols by instrument id. */
  async symbols(): Promise<ReadonlyMap<number, string>> {
    return (await this.#current()).symbols;
  }

  /** The same as {@link all}, asked of the database again unless that was done this second. */
  async renewed(): Promise<ReadonlyMap<string, Instrument>> {
    return (await this.#renewed()).bySymbol;
  }

  /** Loads again, now: after this service wrote instruments itself. */
  async refresh(): Promise<ReadonlyMap<string, Instrument>> {
    return (await this.#reload()).bySymbol;
  }

  /**
   * For a transaction that stores rows of instruments, as its last step: once it is committed, none of them is removed.
   * Costs a statement only for instruments of which nothing was stored so far.
   * @throws {Failure} `unavailable` when one was removed since the rows were read
   */
  async hold(client: WritingClient, ids: Iterable<number>): Promise<void> {
    const { inUse } = await this.#current();
    const first = [...new Set(ids)].filter((id) => !inUse.has(id));
    if (first.length === 0 || (await this.repository.markInUse(client, first))) return;
    this.#changes += 1;
    throw removedMeanwhile();
  }

  async #current(): Promise<LoadedInstruments> {
    const held = this.#snapshot;
    if (held === undefined) return this.#load();
    // An answer that is built after the event must not show what was before it: caches would keep it as the newest.
    if (held.changes < this.#changes) return this.#reload().catch((error: unknown) => useOld(error, held));
    if (this.#clock.now() - held.atMs > REFRESH_AFTER_MS && this.#loading === undefined) this.#refreshInBackground();
    return held;
  }

  async #renewed(): Promise<LoadedInstruments> {
    const held = this.#snapshot;
    if (held !== undefined && this.#clock.now() - held.atMs < REFRESH_UNKNOWN_AFTER_MS) return held;
    return this.#load();
  }

  /** Refreshes in the background. When that fails, the loaded list is served further. */
  #refreshInBackground(): void {
    this.refresh().catch((error: unknown) => {
      log.warn({ err: error }, 'instruments could not be loaded again');
    });
  }

  async #reload(): Promise<LoadedInstruments> {
    // What is being loaded may have been read before the write.
    await this.#loading?.catch(() => undefined);
    return this.#load();
  }

  #load(): Promise<LoadedInstruments> {
    return (this.#loading ??= this.#ask().finally(() => (this.#loading = undefined)));
  }

  async #ask(): Promise<LoadedInstruments> {
    const asked = { atMs: this.#clock.now(), changes: this.#changes };
    this.#snapshot = { ...index(await this.repository.all()), ...asked };
    return this.#snapshot;
  }
}

function index(instruments: readonly Instrument[]): Omit<LoadedInstruments, 'atMs' | 'changes'> {
  const byCode = new Map<string, Instrument[]>();
  for (const instrument of instruments) {
    const same = byCode.get(instrument.code);
    if (same === undefined) byCode.set(instrument.code, [instrument]);
    else same.push(instrument);
  }
  const symbols = new Map(instruments.map(({ id, symbol }) => [id, symbol]));
  const inUse = new Set(instruments.filter((one) => one.in_use).map(({ id }) => id));
  return { bySymbol: new Map(instruments.map((one) => [one.symbol, one])), symbols, inUse, byCode };
}

function useOld(error: unknown, held: LoadedInstruments): LoadedInstruments {
  log.warn({ err: error }, 'instruments could not be loaded again');
  return held;
}

function pick(snapshot: LoadedInstruments, parsed: { symbol: string } | { code: string }): Instrument | undefined {
  if ('symbol' in parsed) return snapshot.bySymbol.get(parsed.symbol);
  const named = listedFirst(snapshot.byCode.get(parsed.code) ?? []);
  if (named.length > 1) {
    const candidates = named.map(({ symbol }) => symbol).sort();
    throw new Failure('conflict', `${parsed.code} names ${candidates.join(' and ')}`, {
      problem: 'SYMBOL_AMBIGUOUS',
      candidates,
    });
  }
  return named[0];
}
