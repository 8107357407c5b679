import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, root } from './requests.js';

interface Example {
  /** `csv` is sent as a batch, `get` is a path to read. */
  readonly kind: 'csv' | 'get';
  /** Of a batch: its name, and the query behind the colon. */
  readonly title: string;
  readonly text: string;
  /** What the answer holds at least. */
  readonly answer: object;
}

const guide = readFileSync(join(root, 'docs/guides/data.md'), 'utf8');
const fence = /^```(csv|get)([^\n]*)\n([\s\S]*?)^```\n\n```json\n([\s\S]*?)^```$/gm;
const examples: readonly Example[] = [...guide.matchAll(fence)].map(([, kind, title = '', text = '', answer = '']) => ({
  kind: kind as Example['kind'],
  title: title.trim(),
  text,
  answer: JSON.parse(answer) as object,
}));

describe('The examples of docs/guides/data.md', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, 60_000);
  afterAll(() => system.stop(), 30_000);

  it('The examples of docs/guides/data.md are all found', () => {
    expect(examples.length).toBe([...guide.matchAll(/^```(csv|get)/gm)].length);
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples.map((example, index) => [index + 1, example.title || example.text.trim(), example] as const))(
    'number %i is answered as it says: %s',
    async (_index, _what, { kind, title, text, answer }) => {
      const reply =
        kind === 'get'
          ? await get(system.url, text.trim(), system.adminToken)
          : await postCsv(system.url, `/api/v2/batch/bars?${title.split(': ')[1] ?? ''}`, text, system.adminToken);
      expect(reply.body).toMatchObject(answer);
    },
  );
});
