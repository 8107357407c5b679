import { describe, expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import { SharedReads } from './shared-reads.js';

/** Counts the reads that really start; each ends when the test says so. */
class Reads {
  readonly shared = new SharedReads<number>();
  readonly started: { resolve(value: number): void; reject(error: Error): void }[] = [];

  run(isGoodEnough?: (value: number) => boolean, isHurried = false): Promise<number> {
    const about = { key: 'k', isHurried, ...(isGoodEnough && { isGoodEnough }) };
    return this.shared.run(about, () => new Promise((resolve, reject) => this.started.push({ resolve, reject })));
  }
}
const settled = (): Promise<unknown> => new Promise(setImmediate);

describe('SharedReads', () => {
  it('starts one read for all callers of a key, and the next one after it has ended', async () => {
    const reads = new Reads();
    const all = [reads.run(), reads.run(), reads.run()];
    reads.started[0]?.resolve(1);
    expect(await Promise.all(all)).toEqual([1, 1, 1]);
    void reads.run();
    expect(reads.started).toHaveLength(2);
  });

  it('starts one new read for all callers whom the running one does not serve', async () => {
    const reads = new Reads();
    const first = reads.run();
    const others = [reads.run((value) => value > 1), reads.run((value) => value > 1)];
    reads.started[0]?.resolve(1);
    await settled();
    reads.started[1]?.resolve(2);
    expect(await Promise.all([first, ...others])).toEqual([1, 2, 2]);
    expect(reads.started).toHaveLength(2);
  });

  it.each([
    ['its token is refused', 'unauthenticated', false],
    ['its short deadline passes', 'timeout', true],
  ] as const)(
    'starts a new read for the others when the first caller fails because %s',
    async (_why, code, isHurried) => {
      const reads = new Reads();
      const first = reads.run(undefined, isHurried);
      const others = [reads.run(), reads.run()];
      reads.started[0]?.reject(new Failure(code, 'no'));
      await expect(first).rejects.toMatchObject({ code });
      await settled();
      reads.started[1]?.resolve(2);
      expect(await Promise.all(others)).toEqual([2, 2]);
      expect(reads.started).toHaveLength(2);
    },
  );

  it('passes any other failure on to all callers', async () => {
    const reads = new Reads();
    const outcomes = Promise.allSettled([reads.run(), reads.run()]);
    reads.started[0]?.reject(new Failure('timeout', 'no'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('starts a new read for callers that arrive after the running ones were forgotten', async () => {
    const reads = new Reads();
    const before = reads.run();
    reads.shared.forget();
    const after = reads.run();
    reads.started[0]?.resolve(1);
    reads.started[1]?.resolve(2);
    expect([await before, await after]).toEqual([1, 2]);
  });
});
