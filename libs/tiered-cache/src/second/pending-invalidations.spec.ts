import { describe, expect, it } from '@jest/globals';
import { PendingInvalidations, type InvalidationTarget } from './pending-invalidations.js';

/** A store that records what it has done, in order. */
function storeThat(fails = (): boolean => false): { readonly done: unknown[]; readonly store: InvalidationTarget } {
  const done: unknown[] = [];
  const take =
    (what: string) =>
    (...about: unknown[]): Promise<void> => {
      if (fails()) return Promise.reject(new Error('the store fails'));
      done.push([what, ...about]);
      return Promise.resolve();
    };
  return { done, store: { invalidate: take('invalidate'), drop: take('drop'), clear: take('clear') } };
}

describe('pending invalidations of a store', () => {
  it('pending invalidations of a store are done together, once: invalidations at the latest position, and drops', async () => {
    const [owed, { done, store }] = [new PendingInvalidations(), storeThat()];
    owed.invalidate(['a', 'b'], '0/9');
    owed.invalidate(['b', 'c'], '0/A');
    owed.invalidate(['c'], '0/1');
    owed.drop({ keys: ['k'] });
    owed.drop({ tags: ['a'] });
    await owed.applyTo(store);
    await owed.applyTo(store);
    expect(done).toEqual([
      ['invalidate', ['a', 'b', 'c'], '0/A'],
      ['drop', { keys: ['k'], tags: ['a'] }],
    ]);
  });

  it('pending invalidations of a store become a clearing when one was requested, whatever else was requested before or after', async () => {
    const [owed, { done, store }] = [new PendingInvalidations(), storeThat()];
    owed.drop({ keys: ['k'] });
    owed.clear();
    owed.drop({ tags: ['a'] });
    owed.invalidate(['a'], '0/1');
    await owed.applyTo(store);
    expect(done).toEqual([['clear']]);
  });

  it('pending invalidations of a store become a clearing when there are more than can be remembered', async () => {
    const [owed, { done, store }] = [new PendingInvalidations(3), storeThat()];
    owed.drop({ keys: ['k'], tags: ['a'] });
    owed.invalidate(['a'], '0/1');
    owed.drop({ keys: ['k'] });
    await owed.applyTo(store);
    expect(done).toHaveLength(2);
    for (const name of ['a', 'b', 'c', 'd']) owed.invalidate([name], '0/2');
    await owed.applyTo(store);
    expect(done.slice(2)).toEqual([['clear']]);
  });

  it('pending invalidations of a store become a clearing when they fail, because the store may refuse one of them', async () => {
    let isWell = false;
    const [owed, { done, store }] = [new PendingInvalidations(), storeThat(() => !isWell)];
    owed.invalidate(['a'], '0/1');
    await expect(owed.applyTo(store)).rejects.toThrow('the store fails');
    isWell = true;
    await owed.applyTo(store);
    expect(done).toEqual([['clear']]);
  });

  it('include what is added while the others are done', async () => {
    const [owed, { done, store }] = [new PendingInvalidations(), storeThat()];
    owed.invalidate(['a'], '0/1');
    const settling = owed.applyTo(store);
    owed.drop({ keys: ['k'] });
    await settling;
    expect(done).toEqual([['invalidate', ['a'], '0/1']]);
    await owed.applyTo(store);
    expect(done.slice(1)).toEqual([['drop', { keys: ['k'], tags: [] }]]);
  });
});
