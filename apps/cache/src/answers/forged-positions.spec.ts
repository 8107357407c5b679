import { beforeEach, describe, expect, it } from '@jest/globals';
import { getPosition } from '@mystocks/contracts';
import { answer, CacheHouse, request, until } from '../../test/cache-house.js';

let house: CacheHouse;
let log: string;
let confirmations: number;
beforeEach(() => {
  [log, confirmations] = ['0/20', 0];
  house = new CacheHouse();
  house.bus.answer(getPosition, () => {
    confirmations += 1;
    return { lsn: log };
  });
});

/** Reads twice, as long after a gap as answers are kept again. */
async function readsAgain(): Promise<(string | undefined)[]> {
  house.nowMs += 1_000;
  return [(await house.read()).cache, (await house.read()).cache];
}

describe('the second tier, when events name positions that do not exist', () => {
  it('stores nothing at a position far beyond the log, and serves no older entry as fresh', async () => {
    await house.read();
    await house.announce('000001.SZ', 'FFFFFFFF/FFFFFFFF');
    house.origin = () => answer('two');
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
    expect(await readsAgain()).toEqual(['miss', 'l2-hit']);
    house.origin = () => answer('three');
    await house.announce('600519.SH', (log = '0/21'));
    expect(await house.read()).toMatchObject({ etag: '"three"', cache: 'miss' });
  });

  it('clears entries at a position that is found false, and shows the writes after it', async () => {
    await until(() => confirmations === 1);
    await house.announce('000001.SZ', '0/2000');
    await house.read();
    await until(() => house.first.status().origin_calls === 1 && confirmations === 2);
    await new Promise(setImmediate);
    house.origin = () => answer('two');
    await house.announce('600519.SH', (log = '0/21'));
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
    expect(await readsAgain()).toEqual(['miss', 'l2-hit']);
  });

  it('does not learn a position far beyond the log from a caller', async () => {
    const asked = { ...request, announced: 'FFFFFFFF/FFFFFFFF' };
    const told = await house.read({}, house.first, asked);
    expect(told.after).toBeUndefined();
    house.origin = () => answer('two');
    await house.announce('600519.SH', (log = '0/21'));
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });
});
