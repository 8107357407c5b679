import { Injectable } from '@nestjs/common';
import {
  BLOCK_LINES_MAX,
  factorsChanged,
  Failure,
  SUPERSEDED_LINES_MAX,
  type IngestRemarks,
  type IngestReport,
  type IngestRequest,
  type SupersededLine,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { claimOfBlock } from '../idempotency/claim.js';
import { IngestOnceService, type Outcome } from '../idempotency/ingest-once.service.js';
import { newsOf, type News } from '../idempotency/news.js';
import type { Transaction } from '../ingest/ingest-transactions.js';
import { checkedReport, refusedOf, storedReport, untouchedReport } from '../ingest/lines-report.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { factorId, readFactors, type FactorBlock, type GivenFactor } from './factor-lines.js';
import { FactorsRepository } from './factors.repository.js';

/** What a block changed, and what is said about it. */
interface StoredFactors {
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  readonly news: readonly News[];
  readonly remarks: IngestRemarks;
}

/** Stores blocks of adjustment factors by ex-date. Factors that a block does not name are left alone. */
@Injectable()
export class FactorsIngestService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: FactorsRepository,
    private readonly once: IngestOnceService,
  ) {}

  /** One block in its own transaction. Its key, if it has one, is `owner`'s; this service has keys of its own too. */
  async ingest(request: IngestRequest, owner = 'market-data'): Promise<IngestReport> {
    const receivedAtMs = systemClock.now();
    const block = await this.#read(request, receivedAtMs);
    const claim = claimOfBlock('factors', request, owner);
    return this.once.run({ kind: 'factors', claim, receivedAtMs }, (transaction) =>
      this.#store(transaction, request, block),
    );
  }

  /** What {@link ingest} would refuse and remark. Nothing is stored. */
  async check(request: IngestRequest): Promise<IngestReport> {
    const startedMs = systemClock.now();
    const block = await this.#read(request, startedMs);
    const remarks = remarksOf(block, lastOfEach(block).superseded);
    return { ...checkedReport(block), ...remarks, took_ms: systemClock.now() - startedMs };
  }

  async #read(request: IngestRequest, nowMs: number): Promise<FactorBlock> {
    const block = await readFactors(request, (alias) => this.directory.find(alias), nowMs);
    if (block.lines.length > BLOCK_LINES_MAX)
      throw new Failure('too_large', `A block holds at most ${BLOCK_LINES_MAX} lines`);
    return block;
  }

  async #store(transaction: Transaction, request: IngestRequest, block: FactorBlock): Promise<Outcome> {
    const refused = refusedOf(block).length;
    if (refused === block.lines.length || (request.on_error === 'abort' && refused > 0)) {
      return { report: untouchedReport(request, block), news: [] };
    }
    const { news, remarks, ...changed } = await this.store(transaction, block);
    return { report: { ...storedReport(request, block, changed), ...remarks }, news };
  }

  /** Stores what was read as part of a transaction that may hold other blocks too. */
  async store(transaction: Transaction, block: FactorBlock): Promise<StoredFactors> {
    const { given, superseded } = lastOfEach(block);
    const changed = await this.repository.merge(transaction, given);
    const symbols = new Map(given.map(({ id, symbol }) => [id, symbol]));
    const idsOf = (fresh: boolean): string[] =>
      changed
        .filter((one) => one.fresh === fresh)
        .map(({ id, day }) => factorId({ symbol: symbols.get(id) ?? '', day }));
    const told = new Set(changed.map(({ id }) => symbols.get(id) ?? ''));
    return {
      inserted: idsOf(true),
      updated: idsOf(false),
      news: [...told].map((symbol) => newsOf(factorsChanged, { symbol })),
      remarks: remarksOf(block, superseded),
    };
  }
}

function remarksOf({ rounded }: FactorBlock, superseded: readonly SupersededLine[]): IngestRemarks {
  const lines = superseded.slice(0, SUPERSEDED_LINES_MAX);
  return {
    ...(rounded === 0 ? {} : { rounded }),
    ...(lines.length === 0 ? {} : { superseded: { count: superseded.length, lines } }),
  };
}

/** Of lines about one instrument and day the last one counts; the others are superseded by it, unless they say the same. */
function lastOfEach({ lines }: FactorBlock): {
  readonly given: readonly GivenFactor[];
  readonly superseded: SupersededLine[];
} {
  const last = new Map<string, { readonly line: number; readonly given: GivenFactor }>();
  for (const { line, id, given } of lines) if (given !== undefined) last.set(id, { line, given });
  const superseded = lines.flatMap(({ line, id, given }): SupersededLine[] => {
    const by = last.get(id);
    if (given === undefined || by === undefined || by.given.factor === given.factor) return [];
    return [{ line, by: by.line }];
  });
  return { given: [...last.values()].map(({ given }) => given), superseded };
}
