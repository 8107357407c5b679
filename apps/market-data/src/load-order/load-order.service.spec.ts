import { describe, expect, it } from '@jest/globals';
import { barKey } from '../ingest/rows/bar-rows.js';
import { boundsOf } from './bar-lines.js';
import { packKeyLines, type KeyLines } from './key-lines.js';
import type { BlockBounds, BlockClaim, LoadBlock, LoadBlocksRepository } from './load-blocks.repository.js';
import { LoadOrderService } from './load-order.service.js';

const BLOCKS = 200;
const ROWS = 100;
const meets = (ranges: BlockBounds['ranges'], others: BlockBounds['ranges']): boolean =>
  ranges.some(([from, to]) => others.some(([start, end]) => from <= end && start <= to));

/** Claims in memory; counts the blocks whose keys are read. */
class ClaimsInMemory {
  read = 0;
  readonly #claims = new Map<number, BlockClaim>();

  claim({ firstLine }: LoadBlock, own: BlockClaim) {
    const overlapping = this.#meeting([...this.#claims.keys()], own.bounds);
    this.#claims.set(firstLine, own);
    return Promise.resolve({ overlapping, refused_frames: [], contradicted: [] });
  }

  keyLines(_load: string, firstLines: readonly number[]) {
    this.read += firstLines.length;
    return Promise.resolve(
      firstLines.map((first_line) => ({ first_line, key_lines: this.#claims.get(first_line)?.packed })),
    );
  }

  overlapping(_load: string, firstLines: readonly number[], bounds: BlockBounds) {
    return Promise.resolve(this.#meeting(firstLines, bounds));
  }

  deleteExpired(): Promise<number> {
    return Promise.resolve(0);
  }

  #meeting(firstLines: readonly number[], { ranges }: BlockBounds): number[] {
    return firstLines.filter((first) => meets(this.#claims.get(first)?.bounds.ranges ?? [], ranges));
  }
}

/** Claims the blocks of a file in turn; answers how many lines they replace and how many blocks were read for it. */
async function claimAll(days: (block: number) => readonly number[]): Promise<{ replaced: number; read: number }> {
  const claims = new ClaimsInMemory();
  const loads = new LoadOrderService(claims as unknown as LoadBlocksRepository);
  let [line, replaced] = [2, 0];
  for (let block = 0; block < BLOCKS; block += 1) {
    const keys = Float64Array.from(days(block), (day) => barKey(1, 0, day, 0));
    const rows: KeyLines = {
      keys,
      lines: keys.map((_, row) => line + row),
      given: new Uint8Array(keys.length).fill(1),
    };
    const own = { bounds: boundsOf(keys), packed: packKeyLines(rows), refusedFrames: [] };
    const { order } = await loads.claim({ load: 'a file', firstLine: line }, rows, own);
    replaced += order.newlyReplaced;
    line += keys.length;
  }
  return { replaced, read: claims.read };
}

/** The n-th of many days, in order. */
const dayOf = (n: number): number =>
  (2000 + Math.floor(n / 336)) * 10_000 + (1 + Math.floor((n % 336) / 28)) * 100 + 1 + (n % 28);
const daysFrom = (from: number): number[] => Array.from({ length: ROWS }, (_, at) => dayOf(from + at));

describe('a file that repeats itself', () => {
  it('a file that repeats itself has each block compared with a few others when every block gives the same bars', async () => {
    const { replaced, read } = await claimAll(() => daysFrom(0));
    expect(replaced).toBe((BLOCKS - 1) * ROWS);
    expect(read).toBeLessThan(2 * BLOCKS);
  });

  it('a file that repeats itself has each block compared with a few others when the bars repeat every three blocks', async () => {
    const { replaced, read } = await claimAll((block) => daysFrom((block % 3) * ROWS));
    expect(replaced).toBe((BLOCKS - 3) * ROWS);
    expect(read).toBeLessThan(4 * BLOCKS);
  });

  it('a file that repeats itself has each block compared with a few others when every block gives one bar more', async () => {
    const { replaced, read } = await claimAll((block) => daysFrom(block));
    expect(replaced).toBe((BLOCKS - 1) * (ROWS - 1));
    expect(read).toBeLessThan(2 * BLOCKS);
  });
});
