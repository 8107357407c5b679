import type { FastifyReply } from 'fastify';
import type { IngestItem, IngestReport } from '@mystocks/contracts';
import { laterLsn, type Lsn } from '@mystocks/kernel';

/** Up to so many items are all told; of a longer batch only those that failed, and not more than so many. */
export const ITEMS_MAX = 1_000;

export interface Place {
  /** Index of the block's first item, from 0. */
  readonly firstIndex: number;
  /** Line number of that item. */
  readonly firstLine: number;
  /** The report has every item, not only the failed ones. */
  readonly keepAll: boolean;
}

interface TalliedItem {
  readonly index: number;
  readonly line: number;
  readonly id: string;
  readonly status: number;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Adds up the reports of the blocks of one batch. */
export class BatchTally {
  readonly #startedMs = performance.now();
  readonly #items: TalliedItem[] = [];
  readonly #ignored = new Set<string>();
  readonly #registered = new Set<string>();
  #total = 0;
  #inserted = 0;
  #updated = 0;
  #unchanged = 0;
  #failed = 0;
  #failedTold = 0;
  #lsn: Lsn | undefined;

  add(report: IngestReport, { firstIndex, firstLine, keepAll }: Place): void {
    this.#total += report.total;
    this.#inserted += report.inserted;
    this.#updated += report.updated;
    this.#unchanged += report.unchanged;
    this.#failed += report.failed;
    this.#lsn = laterLsn(this.#lsn, report.lsn);
    for (const column of report.ignored_columns) this.#ignored.add(column);
    for (const symbol of report.registered) this.#registered.add(symbol);
    for (const item of report.items) {
      const failed = item.status >= 400;
      if (failed && this.#failedTold >= ITEMS_MAX) continue;
      if (failed) this.#failedTold += 1;
      if (failed || keepAll) this.#items.push(tallied(item, firstIndex + item.line - firstLine));
    }
  }

  /** 200 all good, 207 some, 422 none. */
  get status(): number {
    if (this.#failed === 0) return 200;
    return this.#failed < this.#total ? 207 : 422;
  }

  get stored(): number {
    return this.#total - this.#failed;
  }

  get lsn(): Lsn | undefined {
    return this.#lsn;
  }

  /** The answer of SURFACE.md §4. */
  document({ lines }: { readonly lines: boolean }): Record<string, unknown> {
    const told = this.#items
      .filter(({ status }) => this.#total <= ITEMS_MAX || status >= 400)
      .sort((a, b) => a.index - b.index);
    return {
      took: Math.round(performance.now() - this.#startedMs),
      errors: this.#failed > 0,
      summary: {
        total: this.#total,
        succeeded: this.stored,
        failed: this.#failed,
        inserted: this.#inserted,
        updated: this.#updated,
        unchanged: this.#unchanged,
      },
      items: told.map(({ line, ...item }) => (lines ? { ...item, line } : item)),
      items_truncated: this.#failed > this.#failedTold,
      ignored_columns: [...this.#ignored],
      registered: [...this.#registered],
    };
  }

  send(reply: FastifyReply, options: { readonly lines: boolean }): FastifyReply {
    if (this.#lsn !== undefined) void reply.header('x-read-after', this.#lsn);
    return reply.code(this.status).send(this.document(options));
  }
}

function tallied(item: IngestItem, index: number): TalliedItem {
  const { line, id, status, code, message } = item;
  if (status < 400) return { index, line, id, status };
  return { index, line, id, status, error: { code: code ?? 1001, message: message ?? 'refused' } };
}
