import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, instrumentsChanged } from '@mystocks/contracts';
import { systemClock, type Clock } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import { InstrumentsRepository, type Instrument } from './instruments.repository.js';
import { listedFirst, parseAlias } from './symbols.js';

const REFRESH_AFTER_MS = 30_000;
// An unknown symbol asks the database again, but a flood of unknown symbols does not.
const REFRESH_UNKNOWN_AFTER_MS = 1_000;

interface Snapshot {
  readonly bySymbol: ReadonlyMap<string, Instrument>;
  readonly symbols: ReadonlyMap<number, string>;
  readonly byCode: ReadonlyMap<string, readonly Instrument[]>;
  /** When it was asked for. */
  readonly atMs: number;
}

/** All instruments in memory (some 6,000), so that a symbol costs no query; the database stays the truth. */
@Injectable()
export class InstrumentDirectory implements OnModuleInit, OnModuleDestroy {
  readonly #clock: Clock = systemClock;
  #snapshot: Snapshot | undefined;
  #loading: Promise<Snapshot> | undefined;
  #news: { stop(): void } | undefined;

  constructor(
    private readonly repository: InstrumentsRepository,
    private readonly bus: Bus,
  ) {}

  onModuleInit(): void {
    this.#news = this.bus.subscribe(instrumentsChanged, () => {
      this.#refreshUnheard();
    });
  }

  onModuleDestroy(): void {
    this.#news?.stop();
  }

  /** The instrument that a client's spelling names; not_found or conflict (`SYMBOL_AMBIGUOUS`) otherwise. */
  async resolve(alias: string): Promise<Instrument> {
    const found = await this.find(alias);
    if (found === undefined) {
      throw new Failure('not_found', `There is no instrument ${alias}`, { problem: 'MARKET_DATA_NOT_FOUND' });
    }
    return found;
  }

  /** The same, with undefined for an instrument nobody knows. */
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
    // What is being loaded may have been read before the write.
    await this.#loading?.catch(() => undefined);
    return (await this.#load()).bySymbol;
  }

  async #current(): Promise<Snapshot> {
    const held = this.#snapshot;
    if (held === undefined) return this.#load();
    if (this.#clock.now() - held.atMs > REFRESH_AFTER_MS && this.#loading === undefined) this.#refreshUnheard();
    return held;
  }

  async #renewed(): Promise<Snapshot> {
    const held = this.#snapshot;
    if (held !== undefined && this.#clock.now() - held.atMs < REFRESH_UNKNOWN_AFTER_MS) return held;
    return this.#load();
  }

  /** Nobody waits for this one: what is held goes on being served when it fails. */
  #refreshUnheard(): void {
    this.refresh().catch((error: unknown) => {
      log.warn({ err: error }, 'instruments could not be loaded again');
    });
  }

  #load(): Promise<Snapshot> {
    return (this.#loading ??= this.#ask().finally(() => (this.#loading = undefined)));
  }

  async #ask(): Promise<Snapshot> {
    const atMs = this.#clock.now();
    this.#snapshot = index(await this.repository.all(), atMs);
    return this.#snapshot;
  }
}

function index(instruments: readonly Instrument[], atMs: number): Snapshot {
  const byCode = new Map<string, Instrument[]>();
  for (const instrument of instruments) {
    const same = byCode.get(instrument.code);
    if (same === undefined) byCode.set(instrument.code, [instrument]);
    else same.push(instrument);
  }
  const symbols = new Map(instruments.map(({ id, symbol }) => [id, symbol]));
  return { bySymbol: new Map(instruments.map((one) => [one.symbol, one])), symbols, byCode, atMs };
}

function pick(snapshot: Snapshot, parsed: { symbol: string } | { code: string }): Instrument | undefined {
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
