import {
  Failure,
  quoteTag,
  type Answer,
  type IngestReport,
  type QuotesRequest,
  type RecordQuotesRequest,
} from '@mystocks/contracts';
import { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { phaseAt } from '@mystocks/calendar';
import { answerOfMarketData } from '../answers/answer-of-json.js';
import { quotesLifetime } from '../calendar/lifetimes.js';
import { claimOfBatch } from '../idempotency/claim.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { namedInstruments, type NamedInstruments, type SymbolError } from '../instruments/named-instruments.js';
import { quoteEvents, quotesReport, readQuote, storedOf } from './quote-items.js';
import { liveUntilMs, quoteQuality, worst } from './quote-quality.js';
import { QuotesRepository } from './stored/quotes.repository.js';
import { settle, type NamedQuote, type Verdict } from './stored/settle.js';

/** When an answer is built, and what is said about it beside its content. */
interface AnswerContext {
  readonly nowMs: number;
  readonly tags: string[];
  readonly errors: readonly SymbolError[];
}

/** The time of a stored quote as clients read it, or null. */
interface Timed {
  readonly t: string | null;
  readonly simulated: boolean | null;
}

/** Stores live quotes, publishes them as events, and returns the latest ones. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: QuotesRepository,
    private readonly once: IdempotencyService,
    private readonly clock: Clock,
  ) {}

  /** Stores the quotes that are newer than the stored ones, in one transaction, then publishes them. `owner` has the key, if any. */
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
      return { report: quotesReport(quotes, read, verdicts), events: quoteEvents(storedOf(verdicts), receivedAtMs) };
    });
  }

  /** The latest quote of each symbol that has one. */
  async latest(request: QuotesRequest): Promise<Answer> {
    const { instruments, listTags: more, errors } = await this.#resolve(request.symbols);
    const rows = await this.repository.latest(instruments.map(({ id }) => id));
    const quotes = rows.map(({ place, quote }) => `"${instruments[place]?.symbol ?? ''}":${quote}`);
    const tags = [...instruments.map(({ symbol }) => quoteTag(symbol)), ...more];
    return answerOf(`"quotes":{${quotes.join(',')}}`, rows, { nowMs: this.clock.now(), tags, errors });
  }

  /** Latest quote, newest two days and the phase of the market, for each symbol there is. */
  async snapshots(request: QuotesRequest): Promise<Answer> {
    const { instruments, listTags: more, errors } = await this.#resolve(request.symbols);
    const rows = await this.repository.snapshots(instruments.map(({ id }) => id));
    const nowMs = this.clock.now();
    const phase = JSON.stringify(phaseAt(nowMs));
    const snapshots = rows.map(({ place, quote, bars }) => {
      const [daily = 'null', previous = 'null'] = bars ?? [];
      return `"${instruments[place]?.symbol ?? ''}":{"latest_quote":${quote ?? 'null'},"daily_bar":${daily},"prev_daily_bar":${previous},"phase":${phase}}`;
    });
    const tags = [...instruments.flatMap(({ symbol }) => [symbol, quoteTag(symbol)]), ...more];
    return answerOf(`"snapshots":{${snapshots.join(',')}}`, rows, { nowMs, tags, errors });
  }

  async #store(transaction: Transaction, named: readonly NamedQuote[], nowMs: number): Promise<readonly Verdict[]> {
    if (named.length === 0) return [];
    const ids = [...new Set(named.map(({ instrumentId }) => instrumentId))];
    const { verdicts } = await this.repository.record(transaction, ids, nowMs, (held) => {
      const settled = settle(named, held);
      return { verdicts: settled, stored: storedOf(settled) };
    });
    await this.directory.hold(transaction.client, ids);
    return verdicts;
  }

  /**
   * Unknown symbols are left out, even when that leaves none. A single ambiguous symbol is rejected with the instruments
   * that it may mean.
   */
  async #resolve(aliases: readonly string[]): Promise<NamedInstruments> {
    const named = await namedInstruments(this.directory, aliases);
    if (named.refusal?.problem === 'SYMBOL_AMBIGUOUS') throw named.refusal;
    return named;
  }
}

/** Label and phase are taken at the same instant, and must be true for as long as a cache may serve the answer. */
function answerOf(members: string, rows: readonly Timed[], { nowMs, tags, errors }: AnswerContext): Answer {
  const now = { ms: nowMs, phase: phaseAt(nowMs) };
  const times = rows.flatMap(({ t }) => (t === null ? [] : [t]));
  const ages = rows.flatMap(({ t, simulated }) =>
    t === null ? [] : [{ ms: Date.parse(t), simulated: simulated ?? false }],
  );
  const quality = worst(ages.map((age) => quoteQuality(age, now)));
  const lifetime = quotesLifetime(nowMs, quality === 'live' ? liveUntilMs(ages) : undefined, errors.length > 0);
  const facts = errors.length === 0 ? {} : { errors };
  const data = { members, facts, quality, asOf: times.sort().at(-1) };
  return answerOfMarketData(data, { tags, ...lifetime, built_at_ms: nowMs });
}
