import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { groups } from './groups.js';
import type { StagedBlock } from './upload.js';

const MAX = 100;

/** Blocks of a file, each of as many lines and bytes. */
function fileOf(sizes: readonly number[]): StagedBlock[] {
  let next = 2;
  return sizes.map((size) => {
    const block = { first_line: next, lines: size, body: Buffer.alloc(size, size) };
    next += size;
    return block;
  });
}

async function grouped(blocks: readonly StagedBlock[]): Promise<StagedBlock[]> {
  const got: StagedBlock[] = [];
  async function* source(): AsyncGenerator<StagedBlock> {
    for (const block of blocks) yield await Promise.resolve(block);
  }
  for await (const group of groups(source(), MAX)) got.push(group);
  return got;
}

const sizes = fc.array(fc.integer({ min: 1, max: MAX }), { maxLength: 30 });
const isIn = (group: StagedBlock, block: StagedBlock): boolean =>
  block.first_line >= group.first_line && block.first_line < group.first_line + group.lines;

describe('blocks that are stored together', () => {
  it('are the whole file in its order, within the bound', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (given) => {
        const file = fileOf(given);
        const all = await grouped(file);
        expect(Buffer.concat(all.map(({ body }) => body))).toEqual(Buffer.concat(file.map(({ body }) => body)));
        expect(all.every(({ body }) => body.length <= MAX)).toBe(true);
      }),
    );
  });

  it('are the same again when some groups are stored already and the rest begins anew', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.nat(29)), async (given, gone) => {
        const file = fileOf(given);
        const first = await grouped(file);
        const stored = first.filter((_, index) => gone.includes(index));
        const left = file.filter((block) => !stored.some((group) => isIn(group, block)));
        expect(await grouped(left)).toEqual(first.filter((group) => !stored.includes(group)));
      }),
    );
  });
});
