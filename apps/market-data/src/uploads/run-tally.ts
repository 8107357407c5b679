import { addRemarks, type IngestRemarks } from '@mystocks/contracts';
import type { ChangeCounts, CheckedBlock, StoredBlock } from './kinds/file-kind.js';
import type { StagedBlock } from './kinds/upload.js';
import type { RunCounts, RunProgress } from './stored/upload-queue.repository.js';

type Sums = Omit<RunCounts, 'ignored' | 'registered' | 'remarks'> & RunProgress;

/** Sums up one pass of a run with `abort`; each of the two passes has its own tally. */
export class RunTally {
  readonly #ignored = new Set<string>();
  readonly #registered = new Set<string>();
  #remarks: IngestRemarks = {};
  readonly #sums: { -readonly [Name in keyof Sums]: Sums[Name] };

  constructor(phase: RunProgress['phase']) {
    const none = { blocks: 0, lines: 0, bytes: 0, total: 0, inserted: 0, updated: 0, unchanged: 0, failed: 0 };
    this.#sums = { phase, ...none };
  }

  get progress(): RunProgress {
    const { phase, blocks, lines, bytes } = this.#sums;
    return { phase, blocks, lines, bytes };
  }

  get counts(): RunCounts {
    const { total, inserted, updated, unchanged, failed } = this.#sums;
    return {
      total,
      inserted,
      updated,
      unchanged,
      failed,
      ignored: [...this.#ignored],
      registered: [...this.#registered],
      remarks: this.#remarks,
    };
  }

  checked(block: StagedBlock, { total, refused, ignored, remarks }: CheckedBlock): void {
    this.#seen(block, total);
    this.#sums.failed += refused.length;
    this.#remarks = addRemarks(this.#remarks, remarks);
    for (const column of ignored) this.#ignored.add(column);
  }

  stored(block: StagedBlock, { total, inserted, updated, registered, remarks }: StoredBlock): void {
    this.#seen(block, total);
    this.#sums.inserted += inserted;
    this.#sums.updated += updated;
    this.#sums.unchanged += total - inserted - updated;
    for (const symbol of registered) this.#registered.add(symbol);
    this.#remarks = addRemarks(this.#remarks, remarks);
  }

  /** Lines that counted as unchanged with their block. */
  ended({ inserted, updated }: ChangeCounts): void {
    this.#sums.inserted += inserted;
    this.#sums.updated += updated;
    this.#sums.unchanged -= inserted + updated;
  }

  #seen({ lines, body }: StagedBlock, total: number): void {
    this.#sums.blocks += 1;
    this.#sums.lines += lines;
    this.#sums.bytes += body.length;
    this.#sums.total += total;
  }
}
