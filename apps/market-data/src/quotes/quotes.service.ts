import { Bus } from '@mystocks/bus';
import {
  quoteChanged,
  type Answer,
  type IngestReport,
  type Quality,
  type Quote,
  type QuoteChanged,
  type QuotesRequest,
  type RecordQuotesRequest,
} from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfJson } from '../answer-of-json.js';
import { isOpenPhase, knownPhase, untilPhaseChange } from '../calendar/market-phase.js';
import { INSTRUMENTS_TAG } from '../instruments/answer-of.js';
import { IngestTransactions } from '../ingest/ingest-transactions.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { itemsOf, readQuote, storedOf } from './quote-items.js';
import { quoteQuality, worst } from './quote-quality.js';
import { QuotesRepository } from './quotes.repository.js';
import { settle, type NamedQuote, type StoredQuote, type Verdict } from './settle.js';

const OPEN_TTL_MS = 1_000;
const CLOSED_TTL_MS = 10_000;

interface Named {
  readonly instruments: readonly { readonly id: number; readonly symbol: string }[];
  readonly tags: string[];
}

/** Live quotes: stores them, tells the house, and answers the latest. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: QuotesRepository,
    private readonly transactions: IngestTransactions,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  /** Stores what is newer than what is held, all in one transaction, and then tells it. */
  async record({ quotes }: RecordQuotesRequest): Promise<IngestReport> {
    const nowMs = this.clock.now();
    const read = await Promise.all(
      quotes.map((quote) => readQuote(quote, nowMs, (alias) => this.directory.find(alias))),
    );
    const named = read.flatMap((one) => ('named' in one ? [one.named] : []));
    const { verdicts, stored, lsn } = await this.#store(named, nowMs);
    if (lsn !== undefined) this.#tell(stored, nowMs, lsn);
    const items = itemsOf(quotes, read, verdicts);
    const unchanged = items.filter(({ status }) => status === 200).length;
    return {
      total: quotes.length,
      inserted: stored.length,
      updated: 0,
      unchanged,
      failed: quotes.length - stored.length - unchanged,
      items,
      ignored_columns: [],
      registered: [],
      ...(lsn === undefined ? {} : { lsn }),
    };
  }

  /** The latest quote of each symbol that has one. */
  async latest(request: QuotesRequest): Promise<Answer> {
    const { instruments, tags } = await this.#resolve(request.symbols);
    const rows = await this.repository.latest(instruments.map(({ id }) => id));
    const quotes = rows.map(({ place, quote }) => `"${instruments[place]?.symbol ?? ''}":${quote}`);
    return this.#answer(`"quotes":{${quotes.join(',')}}`, rows, tags);
  }

  /** Latest quote, newest two daily bars and the phase of the market, for each symbol there is. */
  async snapshots(request: QuotesRequest): Promise<Answer> {
    const { instruments, tags } = await this.#resolve(request.symbols);
    const rows = await this.repository.snapshots(instruments.map(({ id }) => id));
    const phase = JSON.stringify(knownPhase(this.clock.now()) ?? null);
    const snapshots = rows.map(({ place, quote, bars }) => {
      const [daily = 'null', previous = 'null'] = bars ?? [];
      return `"${instruments[place]?.symbol ?? ''}":{"latest_quote":${quote ?? 'null'},"daily_bar":${daily},"prev_daily_bar":${previous},"phase":${phase}}`;
    });
    return this.#answer(`"snapshots":{${snapshots.join(',')}}`, rows, tags);
  }

  async #store(
    named: readonly NamedQuote[],
    nowMs: number,
  ): Promise<{ verdicts: readonly Verdict[]; stored: readonly StoredQuote[]; lsn?: string }> {
    if (named.length === 0) return { verdicts: [], stored: [] };
    const ids = [...new Set(named.map(({ instrumentId }) => instrumentId))];
    const { value, lsn } = await this.transactions.run((transaction) =>
      this.repository.record(transaction, ids, nowMs, (held) => {
        const verdicts = settle(named, held);
        return { verdicts, stored: storedOf(verdicts) };
      }),
    );
    return { ...value, lsn };
  }

  #tell(stored: readonly StoredQuote[], receivedAtMs: number, lsn: string): void {
    for (const { quote, t, seq } of stored) {
      const told: Quote = { ...quote, t: `${t}+08:00` };
      const payload: QuoteChanged = { quote: told, seq, received_at_ms: receivedAtMs, lsn };
      this.bus.publish(quoteChanged, payload);
    }
  }

  /** Instruments once each; a symbol nobody knows is left out, and the answer lives until instruments change. */
  async #resolve(aliases: readonly string[]): Promise<Named> {
    const found = await Promise.all(aliases.map((alias) => this.directory.find(alias)));
    const known = found.filter((one) => one !== undefined);
    const instruments = [...new Map(known.map((one) => [one.symbol, one])).values()];
    const tags = instruments.map(({ symbol }) => symbol);
    return { instruments, tags: known.length < found.length ? [...tags, INSTRUMENTS_TAG] : tags };
  }

  #answer(
    values: string,
    rows: readonly { readonly t: string | null; readonly simulated: boolean | null }[],
    tags: string[],
  ): Answer {
    const nowMs = this.clock.now();
    const phase = knownPhase(nowMs);
    const times = rows.flatMap(({ t, simulated }) => (t === null ? [] : [{ t, simulated: simulated ?? false }]));
    const quality: Quality | undefined = worst(
      times.map(({ t, simulated }) => quoteQuality({ ms: Date.parse(t), simulated }, { ms: nowMs, phase })),
    );
    const asOf = times
      .map(({ t }) => t)
      .sort()
      .at(-1);
    const meta = { currency: 'CNY', source: 'stored', quality: quality ?? null, as_of: asOf ?? null };
    return answerOfJson(`{${values},"meta":${JSON.stringify(meta)}}`, {
      tags,
      ttl_ms: untilPhaseChange(isOpenPhase(phase) ? OPEN_TTL_MS : CLOSED_TTL_MS, nowMs),
      ...(quality === undefined ? {} : { quality }),
      ...(asOf === undefined ? {} : { as_of: asOf }),
      built_at_ms: nowMs,
    });
  }
}
