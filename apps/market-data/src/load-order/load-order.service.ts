import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Failure, type SupersededLine } from '@mystocks/contracts';
import { remainingMs, systemClock } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import { Expiry } from '../expiry/expiry.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { boundsOf } from './bar-lines.js';
import { BlockComparison, type BlockOrder } from './block-order.js';
import { packKeyLines, unpackKeyLines, type KeyLines } from './key-lines.js';
import { EXPIRED_MAX, LoadBlocksRepository, type BlockClaim, type LoadBlock } from './load-blocks.repository.js';

/** Most blocks whose keys are in memory at the same time. */
const COMPARED_AT_ONCE = 20;
/** Longest wait for earlier blocks; storing one block never takes as long. */
const WAIT_MAX_MS = 25_000;
const [LOOK_AFTER_MS, LOOK_AT_LEAST_EVERY_MS] = [5, 200];

/** The place of a block in its load. */
export interface ClaimedPlace {
  readonly order: BlockOrder;
  /** Frames, in minutes, of which earlier blocks were refused for their stamps. */
  readonly refusedFrames: ReadonlySet<number>;
  /** Bars for which earlier loads gave different lines; the block need not contain all of them. */
  readonly contradicted: ReadonlySet<number>;
}

const alone: BlockOrder = { dropped: new Map(), filling: new Map(), replaced: [], newlyReplaced: 0, after: [] };

/**
 * Lets the blocks of one file be stored at the same time, by any instances, and end as if its lines had been stored one
 * after the other. See docs/adr/0017-one-order-of-a-file.md.
 */
@Injectable()
export class LoadOrderService {
  readonly #expiry = new Expiry({
    deleteSome: () => this.blocks.deleteExpired(),
    max: EXPIRED_MAX,
    failed: 'old claims of blocks could not be deleted',
    clock: systemClock,
  });

  constructor(private readonly blocks: LoadBlocksRepository) {}

  /** Claims the place of a block in its load. A block that is sent again gets the same order. */
  async claim(block: LoadBlock, rows: KeyLines, own: Omit<BlockClaim, 'packed'>): Promise<ClaimedPlace> {
    this.#expiry.run();
    if (rows.keys.length === 0 && own.refusedFrames.length === 0) {
      return { order: alone, refusedFrames: new Set(), contradicted: new Set() };
    }
    const earlier = await this.blocks.claim(block, { ...own, packed: packKeyLines(rows) });
    const order = await this.#compare(block, rows, earlier.overlapping);
    return { order, refusedFrames: new Set(earlier.refused_frames), contradicted: new Set(earlier.contradicted) };
  }

  /**
   * Claims the place of a block of a list, with the last line for each of its keys. The blocks of a list are stored one
   * after the other, so the only question is which lines of earlier blocks they replace.
   */
  async claimList(block: LoadBlock, lineOf: ReadonlyMap<number, number>): Promise<readonly SupersededLine[]> {
    const keys = Float64Array.from(lineOf.keys());
    const rows = { keys, lines: Float64Array.from(lineOf.values()), given: new Uint8Array(keys.length) };
    return (await this.claim(block, rows, { bounds: boundsOf(keys), refusedFrames: [] })).order.replaced;
  }

  /** Keys and lines of the blocks that were claimed before a block, in the order of the file. */
  claimedBefore(block: LoadBlock): AsyncGenerator<KeyLines> {
    return unpacked((behind) => this.blocks.claimedBefore(block, behind, COMPARED_AT_ONCE));
  }

  /** Keys and lines of the blocks of a load that may have one of these keys, in the order of the file. */
  claimedWithin(transaction: Transaction, load: string, keys: Float64Array): AsyncGenerator<KeyLines> {
    const bounds = boundsOf(keys);
    return unpacked((behind) =>
      this.blocks.claimedWithin(transaction, load, { bounds, behind, limit: COMPARED_AT_ONCE }),
    );
  }

  /**
   * Waits until the blocks whose rows this block replaces are stored.
   * @throws {Failure} `unavailable` when they are not stored in time
   */
  async waitFor(load: string, firstLines: readonly number[]): Promise<void> {
    if (firstLines.length === 0) return;
    const untilMs = systemClock.now() + remainingMs(WAIT_MAX_MS, currentContext()?.deadlineMs, systemClock.now());
    for (let waitMs = LOOK_AFTER_MS; await this.blocks.anyUnstored(load, firstLines);) {
      if (systemClock.now() + waitMs > untilMs) throw tooLate();
      await pause(waitMs);
      waitMs = Math.min(2 * waitMs, LOOK_AT_LEAST_EVERY_MS);
    }
  }

  /** Marks the block as stored in the transaction that stores it; false when it is stored already. */
  store(transaction: Transaction, block: LoadBlock): Promise<boolean> {
    return this.blocks.store(transaction, block);
  }

  /**
   * Marks a block as stored when its idempotency key shows that it was stored. Keys are kept longer than claims; without the
   * mark, later blocks would wait for the new claim of a block that is not stored a second time.
   */
  markStored(block: LoadBlock): Promise<void> {
    return this.blocks.markStored(block);
  }

  async #compare({ load, firstLine }: LoadBlock, rows: KeyLines, earlier: readonly number[]): Promise<BlockOrder> {
    if (earlier.length === 0) return alone;
    const comparison = new BlockComparison(rows);
    const above = earlier.filter((first) => first < firstLine).sort((a, b) => b - a);
    const below = earlier.filter((first) => first > firstLine).sort((a, b) => a - b);
    for (const [blocks, side] of [
      [above, comparison.above],
      [below, comparison.below],
    ] as const) {
      await this.#compareWith(load, blocks, { side, comparison });
    }
    return comparison.order();
  }

  /** Compares with the blocks of one side, from the nearest to the farthest, while a farther block may still matter. */
  async #compareWith(
    load: string,
    blocks: readonly number[],
    { side, comparison }: { readonly side: BlockComparison['above']; readonly comparison: BlockComparison },
  ): Promise<void> {
    let left = blocks;
    for (let atOnce = 1; left.length > 0; atOnce = Math.min(2 * atOnce, COMPARED_AT_ONCE)) {
      const next = left.slice(0, atOnce);
      const packed = new Map<number, Buffer>();
      for (const { first_line, key_lines } of await this.blocks.keyLines(load, next)) packed.set(first_line, key_lines);
      for (const first of next) {
        const keyLines = packed.get(first);
        if (keyLines !== undefined) comparison.add(first, unpackKeyLines(keyLines));
      }
      const open = side.open;
      left = open.length === 0 ? [] : left.slice(atOnce);
      if (left.length > 0) left = await this.blocks.overlapping(load, left, boundsOf(open));
    }
  }
}

async function* unpacked(
  next: (behind: number) => ReturnType<LoadBlocksRepository['keyLines']>,
): AsyncGenerator<KeyLines> {
  for (let behind = 0, isMore = true; isMore;) {
    const blocks = await next(behind);
    for (const { key_lines } of blocks) yield unpackKeyLines(key_lines);
    behind = blocks.at(-1)?.first_line ?? behind;
    isMore = blocks.length === COMPARED_AT_ONCE;
  }
}

const tooLate = (): Failure =>
  new Failure('unavailable', 'An earlier part of the file that gives the same bars is still being stored', {
    retryAfterS: 1,
  });
