import {
  Failure,
  type Answer,
  type IngestReport,
  type Quality,
  type QuotesRequest,
  type RecordQuotesRequest,
} from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfJson } from '../answer-of-json.js';
import { isOpenPhase, knownPhase, untilPhaseChange } from '../calendar/market-phase.js';
import { INSTRUMENTS_TAG } from '../instruments/answer-of.js';
import { claimOfBatch } from '../idempotency/claim.js';
import { IngestOnceService } from '../idempotency/ingest-once.service.js';
import type { Transaction } from '../ingest/ingest-transactions.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { quoteNews, quotesReport, readQuote, storedOf } from './quote-items.js';
import { quoteQuality, worst } from './quote-quality.js';
import { QuotesRepository } from './quotes.repository.js';
import { settle, type NamedQuote, type Verdict } from './settle.js';

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
    private readonly once: IngestOnceService,
    private readonly clock: Clock,
  ) {}

  /** Stores what is newer than what is held, all in one transaction, and then tells it. `owner` has the key, if any. */
  async record({ quotes, idempotency_key: key }: RecordQuotesRequest, owner = 'market-data'): Promise<IngestReport> {
    if (quotes.length === 0) throw new Failure('invalid', 'quotes must be a list of 1 to 1,000 quotes');
    const receivedAtMs = this.clock.now();
    const read = await Promise.all(
      quotes.map((quote) => readQuote(quote, receivedAtMs, (alias) => this.directory.find(alias))),
    );
    const claim = claimOfBatch('quotes', { key, content: quotes }, owner);
    return this.once.run({ kind: 'quotes', claim, receivedAtMs }, async (transaction) => {
      const named = read.flatMap((one) => ('named' in one ? [one.named] : []));
      const verdicts = await this.#store(transaction, named, receivedAtMs);
      return { report: quotesReport(quotes, read, verdicts), news: quoteNews(storedOf(verdicts), receivedAtMs) };
    });
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

  async #store(transaction: Transaction, named: readonly NamedQuote[], nowMs: number): Promise<readonly Verdict[]> {
    if (named.length === 0) return [];
    const ids = [...new Set(named.map(({ instrumentId }) => instrumentId))];
    const { verdicts } = await this.repository.record(transaction, ids, nowMs, (held) => {
      const settled = settle(named, held);
      return { verdicts: settled, stored: storedOf(settled) };
    });
    return verdicts;
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
