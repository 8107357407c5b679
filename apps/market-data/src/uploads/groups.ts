import type { StagedBlock } from './upload.js';

/**
 * Neighbouring blocks put together up to `bytesMax`: a transaction costs as much for a small block as for a large one.
 * Which blocks are put together depends only on where the first one stands and on the blocks of the file behind it, so
 * that a run that begins again puts together the same ones, and meets the key under which they were stored.
 */
export async function* groups(blocks: AsyncIterable<StagedBlock>, bytesMax: number): AsyncGenerator<StagedBlock> {
  let held: StagedBlock[] = [];
  let bytes = 0;
  for await (const block of blocks) {
    const last = held.at(-1);
    const follows = last === undefined || last.first_line + last.lines === block.first_line;
    if (last !== undefined && (!follows || bytes + block.body.length > bytesMax)) {
      yield together(held);
      [held, bytes] = [[], 0];
    }
    held.push(block);
    bytes += block.body.length;
  }
  if (held.length > 0) yield together(held);
}

function together(blocks: readonly StagedBlock[]): StagedBlock {
  const [first] = blocks;
  if (first === undefined) throw new Error('a group of no blocks');
  if (blocks.length === 1) return first;
  const lines = blocks.reduce((sum, block) => sum + block.lines, 0);
  return { first_line: first.first_line, lines, body: Buffer.concat(blocks.map(({ body }) => body)) };
}
