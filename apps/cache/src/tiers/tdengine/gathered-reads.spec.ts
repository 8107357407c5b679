import { describe, expect, it } from '@jest/globals';
import type { Lookup } from '@mystocks/tiered-cache';
import { GatheredReads } from './gathered-reads.js';

const hit = (etag: string): Lookup => ({
  hit: true,
  invalidated: false,
  entry: {
    answer: { body: Buffer.from('{}'), etag, tags: [], ttl_ms: 1, built_at_ms: 1 },
    expiresAtMs: 1,
    graceUntilMs: 1,
    position: undefined,
  },
});

interface Asked {
  readonly names: readonly string[];
  answer(): void;
}

/** Reads that are answered by hand, each with its name for an etag; names with a `!` are unknown. */
function gathered(): { reads: GatheredReads; asked: Asked[] } {
  const asked: Asked[] = [];
  const reads = new GatheredReads((names) => {
    return new Promise((resolve) => {
      const known = names.filter((name) => !name.includes('!'));
      const answer = (): void => {
        resolve(new Map(known.map((name) => [name, hit(name)])));
      };
      asked.push({ names, answer });
    });
  });
  return { reads, asked };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('GatheredReads', () => {
  it('sends what is asked for in one turn together, each name once', async () => {
    const { reads, asked } = gathered();
    const answers = Promise.all(['a', 'b', 'a', 'c!'].map((name) => reads.get(name)));
    await turn();
    expect(asked.map(({ names }) => names)).toEqual([['a', 'b', 'c!']]);
    asked[0]!.answer();
    expect(await answers).toEqual([hit('a'), hit('b'), hit('a'), { hit: false }]);
  });

  it('does not let a read wait for one that is under way, until there are eight', async () => {
    const { reads, asked } = gathered();
    const answers: Promise<Lookup>[] = [];
    for (let n = 0; n < 12; n += 1) {
      answers.push(reads.get(String(n)));
      await turn();
    }
    expect(asked.map(({ names }) => names.join())).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    asked[3]!.answer();
    await turn();
    expect(asked[8]!.names).toEqual(['8', '9', '10', '11']);
    for (const { answer } of asked) answer();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 12 }, (_, n) => hit(String(n))));
  });

  it('asks again for what is asked for while the same is under way: it may have changed', async () => {
    const { reads, asked } = gathered();
    void reads.get('a');
    await turn();
    void reads.get('a');
    await turn();
    expect(asked.map(({ names }) => names)).toEqual([['a'], ['a']]);
  });

  it('answers many thousands, none forgotten', async () => {
    const { reads, asked } = gathered();
    const names = Array.from({ length: 5_000 }, (_, n) => `name-${String(n)}`);
    const answers = Promise.all(names.map((name) => reads.get(name)));
    let done = 0;
    while (done < asked.length || done === 0) {
      await turn();
      for (; done < asked.length; done += 1) asked[done]!.answer();
      await turn();
    }
    expect(await answers).toEqual(names.map(hit));
    expect(asked).toHaveLength(Math.ceil(5_000 / 64));
  });
});
