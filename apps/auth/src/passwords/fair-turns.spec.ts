import { describe, expect, it } from '@jest/globals';
import { FairTurns, type Claimant } from './fair-turns.js';

interface Named extends Claimant {
  readonly name: string;
}
const from = (address: string, account: string, name = `${address} ${account}`): Named => ({ address, account, name });
const flood = (length: number, make: (index: number) => Named): Named[] => Array.from({ length }, (_, at) => make(at));
const queueOf = (...claimants: readonly Named[]): FairTurns<Named> => {
  const queue = new FairTurns<Named>();
  for (const one of claimants) queue.add(one);
  return queue;
};
const drained = (queue: FairTurns<Named>): string[] => {
  const names: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) names.push(next.name);
  return names;
};

describe('FairTurns', () => {
  it('serves one address in the order of arrival', () => {
    const queue = queueOf(...flood(5, (at) => from('a', 'x', `${at}`)));
    expect(queue.size).toBe(5);
    expect(drained(queue)).toEqual(['0', '1', '2', '3', '4']);
    expect([queue.size, queue.take()]).toEqual([0, undefined]);
  });

  it.each<[string, (at: number) => Named]>([
    ['many accounts', (at) => from('flooder', `account-${at}`)],
    ['one account', () => from('flooder', 'victim')],
  ])('lets claimants of other addresses pass before a flood from one address against %s', (_what, make) => {
    const queue = queueOf(...flood(100, make));
    queue.take();
    for (const [address, account] of [
      ['b', 'x'],
      ['c', 'y'],
      ['d', 'victim'],
    ])
      queue.add(from(address!, account!));
    expect(drained(queue).slice(0, 3)).toEqual(['b x', 'c y', 'd victim']);
  });

  it('serves the addresses that wait for more in turn, and in each of them the accounts', () => {
    const queue = queueOf(from('a', 'x', 'ax1'), from('a', 'x', 'ax2'), from('a', 'y', 'ay'), from('b', 'x', 'bx1'));
    queue.add(from('b', 'x', 'bx2'));
    expect(drained(queue)).toEqual(['ax1', 'bx1', 'ay', 'bx2', 'ax2']);
  });

  it('does not forget an address that waits for more while new ones come all the time', () => {
    const queue = queueOf(...flood(3, () => from('office', 'x')), ...flood(30, (at) => from(`new-${at}`, 'y')));
    const order = drained(queue);
    expect(order.flatMap((name, at) => (name === 'office x' ? [at] : []))).toEqual([0, 8, 17]);
  });

  it('never serves a claimant later than the place it was told, as long as no other joins after it', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      let state = seed;
      const below = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
      const queue = queueOf(...flood(below(40), () => from(`a${below(5)}`, `x${below(5)}`)));
      for (let served = below(5); served > 0; served -= 1) queue.take();
      const mine = from(`a${below(6)}`, `x${below(6)}`, 'mine');
      const place = queue.placeOf(mine);
      queue.add(mine);
      expect(drained(queue).indexOf('mine')).toBeLessThanOrEqual(place);
    }
  });

  it('passes over an address that may have no turn now, also when it is the only one that just came', () => {
    const queue = queueOf(from('held', 'x'), from('a', 'x', 'a1'), from('a', 'x', 'a2'));
    const isHeld = (address: string): boolean => address === 'held';
    expect(queue.take(isHeld)?.name).toBe('a1');
    expect(queue.take(isHeld, true)).toBeUndefined();
    expect(queue.take(isHeld)?.name).toBe('a2');
    expect(queue.take(isHeld)).toBeUndefined();
    expect(drained(queue)).toEqual(['held x']);
  });

  it('tells a claimant its place among the accounts of its address', () => {
    const queue = queueOf(...flood(5, () => from('a', 'x')), from('a', 'y'), from('b', 'z'));
    const places = ['x', 'y', 'z'].map((account) => queue.placeInAddress(from('a', account)));
    expect(places).toEqual([6, 3, 2]);
  });

  it('forgets one that leaves', () => {
    const [first, second] = [from('a', 'x', 'first'), from('a', 'x', 'second')];
    const queue = queueOf(first, second);
    queue.remove(first);
    expect([queue.size, queue.countOfAddress(second), queue.countOfAccount(second)]).toEqual([1, 1, 1]);
    queue.remove(first);
    expect(drained(queue)).toEqual(['second']);
  });

  it('names the latest of the address with most places to give way, and none where addresses have equally many', () => {
    const queue = queueOf(from('a', 'x', 'a1'), from('b', 'x', 'b1'), from('b', 'y', 'b2'), from('a', 'x', 'a2'));
    queue.add(from('a', 'y', 'a3'));
    expect(queue.givingWayTo(from('c', 'z'), 'all')?.name).toBe('a3');
    expect(queue.givingWayTo(from('c', 'x'), 'account')?.name).toBe('a2');
    expect(queue.givingWayTo(from('b', 'x'), 'all')).toBeUndefined();
    expect(queue.givingWayTo(from('a', 'x'), 'account')).toBeUndefined();
  });
});
