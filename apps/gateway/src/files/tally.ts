import type { FastifyReply } from 'fastify';
import { addRemarks, type IngestItem, type IngestRemarks, type IngestReport } from '@mystocks/contracts';
import { laterLsn, type Lsn } from '@mystocks/kernel';
import { remarksDocument } from './remarks-document.js';

/** Reports every item of a batch of up to this many; of a larger one only failures, at most this many. */
export const ITEMS_MAX = 1_000;

export interface Place {
  /** Index of the block's first item, from 0. */
  readonly firstIndex: number;
  /** Line number of that item. */
  readonly firstLine: number;
  /** The report has every item, not only the failed ones. */
  readonly keepAll: boolean;
}

/** What became of a line or item of a batch. */
export interface TalliedItem {
  readonly index: number;
  readonly line: number;
  readonly id: string;
  readonly status: number;
  readonly error?: { readonly code: number; readonly message: string };
}

interface DocumentOptions {
  /** Items carry the number of their line. */
  readonly lines: boolean;
  /** Nothing was stored, so that what would change is not known. */
  readonly dryRun?: boolean;
}

/** Adds up the reports of the blocks of one batch. */
export class BatchTally {
  /** How the text of the batch was encoded; undefined where its items came as a list in another body. */
  encoding: string | undefined;
  readonly #stored: TalliedItem[] = [];
  #refused: TalliedItem[] = [];
  readonly #ignored = new Set<string>();
  readonly #registered = new Set<string>();
  #total = 0;
  #keptAll = true;
  #inserted = 0;
  #updated = 0;
  #unchanged = 0;
  #failed = 0;
  #tookMs = 0;
  #reports = 0;
  #replays = 0;
  #withheld = 0;
  #lsn: Lsn | undefined;
  #remarks: IngestRemarks = {};

  /** @returns the refused items of the report */
  add(report: IngestReport, { firstIndex, firstLine, keepAll }: Place): readonly TalliedItem[] {
    const refused: TalliedItem[] = [];
    if (!keepAll) this.#keptAll = false;
    this.#total += report.total;
    this.#inserted += report.inserted;
    this.#updated += report.updated;
    this.#unchanged += report.unchanged;
    this.#failed += report.failed;
    this.#lsn = laterLsn(this.#lsn, report.lsn);
    for (const column of report.ignored_columns) this.#ignored.add(column);
    for (const symbol of report.registered) this.#registered.add(symbol);
    this.#remarks = addRemarks(this.#remarks, report);
    this.#tookMs += report.took_ms;
    this.#reports += 1;
    this.#withheld += report.withheld ?? 0;
    if (report.replayed === true) this.#replays += 1;
    for (const item of report.items) {
      const told = tallied(item, firstIndex + item.line - firstLine);
      if (item.status >= 400) refused.push(told);
      else if (keepAll) this.#stored.push(told);
    }
    this.#refused.push(...refused);
    // The first of them are reported, in whatever order the blocks end: a replay must report the same ones.
    if (this.#refused.length > 2 * ITEMS_MAX) this.#refused = firstOf(this.#refused);
    return refused;
  }

  /** Adds what the end of the load has changed of lines that counted as unchanged with their block. */
  end({ inserted, updated, took_ms, lsn }: IngestReport): void {
    this.#inserted += inserted;
    this.#updated += updated;
    this.#unchanged -= inserted + updated;
    this.#tookMs += took_ms;
    this.#lsn = laterLsn(this.#lsn, lsn);
  }

  /** Lines wait for the end of the load. */
  get waits(): boolean {
    return this.#withheld > 0;
  }

  /** 200 all good, 207 some, 422 none. */
  get status(): number {
    if (this.#failed === 0) return 200;
    return this.#failed < this.#total ? 207 : 422;
  }

  get stored(): number {
    return this.#total - this.#failed;
  }

  /** All of it was stored before, under the same key. */
  get replayed(): boolean {
    return this.#reports > 0 && this.#replays === this.#reports;
  }

  get lsn(): Lsn | undefined {
    return this.#lsn;
  }

  /** The report that clients get. */
  document({ lines, dryRun = false }: DocumentOptions): Record<string, unknown> {
    const refused = firstOf(this.#refused);
    // All or only the refused: blank lines can leave a short batch with blocks that were not asked for all of theirs.
    const isWhole = this.#keptAll && this.#total <= ITEMS_MAX;
    const told = isWhole ? [...this.#stored, ...refused].sort(byIndex) : refused;
    return {
      took: this.#tookMs,
      errors: this.#failed > 0,
      summary: {
        total: this.#total,
        succeeded: this.stored,
        failed: this.#failed,
        ...(dryRun ? {} : { inserted: this.#inserted, updated: this.#updated, unchanged: this.#unchanged }),
      },
      ...(dryRun ? { dry_run: true } : {}),
      items: told.map(({ line, ...item }) => (lines ? { ...item, line } : item)),
      items_truncated: this.#failed > refused.length,
      ignored_columns: [...this.#ignored].sort(),
      registered: [...this.#registered].sort(),
      ...(this.encoding === undefined ? {} : { encoding: this.encoding }),
      ...remarksDocument(this.#remarks),
    };
  }

  send(reply: FastifyReply, options: DocumentOptions): FastifyReply {
    if (this.#lsn !== undefined) void reply.header('x-read-after', this.#lsn);
    if (this.replayed) void reply.header('idempotency-replayed', 'true');
    return reply.code(this.status).send(this.document(options));
  }
}

const byIndex = (a: TalliedItem, b: TalliedItem): number => a.index - b.index;
const firstOf = (items: readonly TalliedItem[]): TalliedItem[] => items.toSorted(byIndex).slice(0, ITEMS_MAX);

function tallied(item: IngestItem, index: number): TalliedItem {
  const { line, id, status, code, message } = item;
  if (status < 400) return { index, line, id, status };
  return { index, line, id, status, error: { code: code ?? 1001, message: message ?? 'refused' } };
}
