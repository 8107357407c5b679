import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openIngest, type Ingest } from '../../test/open-ingest.js';
import { callerWith, openUploads } from '../../test/open-uploads.js';
import type { StagedBlock } from './kinds/upload.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';

let ingest: Ingest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest.stop());

const anyBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const bodies = [
  Buffer.from('600001,"贵州茅台 \\ \\\\ \\101"\n'),
  // Several pieces, escaped or not.
  Buffer.concat(Array.from({ length: 800 }, () => anyBytes)),
  Buffer.alloc(200_000, 'abc,1\n'),
];

it('another instance reads the staged blocks byte for byte, in the order of the file', async () => {
  const owner = callerWith('feed');
  const id = randomUUID();
  const { uploads } = openUploads(ingest);
  await uploads.open({ id, kind: 'bars', register: false, on_error: 'continue', concurrency: 1, format: 'csv' }, owner);
  for (const [at, body] of [...bodies.entries()].reverse())
    await uploads.append({ id, first_line: at + 2, lines: 1, body: Buffer.from(body) }, owner);
  const staged: StagedBlock[] = [];
  for await (const block of new UploadBlocksRepository(ingest.pool).staged(id)) staged.push(block);
  expect(staged.map(({ first_line }) => first_line)).toEqual([2, 3, 4]);
  staged.forEach(({ body }, at) => {
    expect(body.equals(bodies[at] ?? Buffer.alloc(0))).toBe(true);
  });
});
