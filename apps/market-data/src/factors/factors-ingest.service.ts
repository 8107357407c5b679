import { Injectable } from '@nestjs/common';
import {
  BLOCK_LINES_MAX,
  factorsChanged,
  Failure,
  type IngestRemarks,
  type IngestReport,
  type IngestRequest,
  type SupersededLine,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { claimOfBlock } from '../lines/block-claims.js';
import { IdempotencyService, type StoredWork } from '../idempotency/idempotency.service.js';
import { pendingEvent, type PendingEvent } from '../idempotency/pending-events.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { barKey } from '../ingest/rows/bar-rows.js';
import { checkedReport, refusedOf, storedReport, supersededRemarks, untouchedReport } from '../lines/lines-report.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { LoadOrderService } from '../load-order/load-order.service.js';
import { factorId, readFactors, type FactorBlock, type GivenFactor } from './factor-lines.js';
import { FactorsRepository } from './factors.repository.js';

/** What a block changed, and what is said about it. */
interface StoredFactors {
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  readonly events: readonly PendingEvent[];
  readonly remarks: IngestRemarks;
}

interface GivenList {
  readonly block: FactorBlock;
  /** Lines of earlier blocks about instruments and days of this one. */
  readonly earlier: readonly SupersededLine[];
}

/** The last line of a block about an instrument and day. */
interface LastLine {
  readonly line: number;
  readonly given: GivenFactor;
}

/** Stores blocks of adjustment factors by ex-date. Factors that a block does not name are left alone. */
@Injectable()
export class FactorsIngestService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: FactorsRepository,
    private readonly once: IdempotencyService,
    private readonly loads: LoadOrderService,
  ) {}

  /**
   * Stores one block in its own transaction. `owner` is the owner of its idempotency key, if it has one; this service owns
   * some keys itself.
   */
  async ingest(request: IngestRequest, owner = 'market-data'): Promise<IngestReport> {
    const receivedAtMs = systemClock.now();
    const block = await this.#read(request, receivedAtMs);
    const claim = claimOfBlock('factors', request, owner);
    const earlier = await this.replaced(request, block, owner);
    return this.once.run({ kind: 'factors', claim, receivedAtMs }, (transaction) =>
      this.#store(transaction, request, { block, earlier }),
    );
  }

  /** Lines of earlier blocks of the list about the instruments and days of this one. */
  async replaced(
    { load, first_line: firstLine }: IngestRequest,
    block: FactorBlock,
    owner = 'market-data',
  ): Promise<readonly SupersededLine[]> {
    if (load === undefined) return [];
    const last = lastOfEach(block).given.map(({ line, given }) => [keyOf(given), line] as const);
    return this.loads.claimList({ load: `${owner} ${load}`, firstLine }, new Map(last));
  }

  /** Reports what {@link ingest} would reject and remark, without storing anything. */
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

  async #store(transaction: Transaction, request: IngestRequest, list: GivenList): Promise<StoredWork> {
    const { block } = list;
    const refused = refusedOf(block).length;
    if (refused === block.lines.length || (request.on_error === 'abort' && refused > 0)) {
      return { report: untouchedReport(request, block), events: [] };
    }
    const { events, remarks, ...changed } = await this.store(transaction, list);
    return { report: { ...storedReport(request, block, changed), ...remarks }, events };
  }

  /** Stores a block that was read, in a transaction that may contain other blocks too. */
  async store(transaction: Transaction, { block, earlier }: GivenList): Promise<StoredFactors> {
    const { given: last, superseded } = lastOfEach(block);
    const given = last.map((one) => one.given);
    const changed = await this.repository.merge(transaction, given);
    const symbols = new Map(given.map(({ id, symbol }) => [id, symbol]));
    const changedIds = (wanted: (fresh: boolean) => boolean): string[] =>
      changed
        .filter(({ fresh }) => wanted(fresh))
        .map(({ id, day }) => factorId({ symbol: symbols.get(id) ?? '', day }));
    const told = new Set(changed.map(({ id }) => symbols.get(id) ?? ''));
    // A line that says what stands already replaces nothing.
    const changing = new Set(changedIds(() => true));
    const lines = new Set(last.filter((one) => changing.has(factorId(one.given))).map(({ line }) => line));
    return {
      inserted: changedIds((fresh) => fresh),
      updated: changedIds((fresh) => !fresh),
      events: [...told].map((symbol) => pendingEvent(factorsChanged, { symbol })),
      remarks: remarksOf(block, [...superseded, ...earlier.filter(({ by }) => lines.has(by))]),
    };
  }
}

/** Instrument and day as one number. */
const keyOf = ({ id, day }: GivenFactor): number => barKey(id, 0, Number(day.replaceAll('-', '')), 0);

const remarksOf = ({ rounded }: FactorBlock, superseded: readonly SupersededLine[]): IngestRemarks => ({
  ...(rounded === 0 ? {} : { rounded }),
  ...supersededRemarks(superseded),
});

/** Of lines about one instrument and day the last one counts; the others are superseded by it, unless they say the same. */
function lastOfEach({ lines }: FactorBlock): {
  readonly given: readonly LastLine[];
  readonly superseded: SupersededLine[];
} {
  const last = new Map<string, LastLine>();
  for (const { line, id, given } of lines) if (given !== undefined) last.set(id, { line, given });
  const superseded = lines.flatMap(({ line, id, given }): SupersededLine[] => {
    const by = last.get(id);
    if (given === undefined || by === undefined || by.given.factor === given.factor) return [];
    return [{ line, by: by.line }];
  });
  return { given: [...last.values()], superseded };
}
