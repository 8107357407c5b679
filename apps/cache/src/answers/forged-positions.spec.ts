import { beforeEach, describe, expect, it } from '@jest/globals';
import { getPosition } from '@mystocks/contracts';
import { answer, CacheSystem, request, until } from '../../test/cache-system.js';

let system: CacheSystem;
let log: string;
let confirmations: number;
beforeEach(() => {
  [log, confirmations] = ['0/20', 0];
  system = new CacheSystem();
  system.bus.answer(getPosition, () => {
    confirmations += 1;
    return { lsn: log };
  });
});

/** Reads twice, more than a second after the gap, when answers are stored again. */
async function readsAgain(): Promise<(string | undefined)[]> {
  system.nowMs += 1_000;
  return [(await system.read()).cache, (await system.read()).cache];
}

describe('the second tier, when events name positions that do not exist', () => {
  it('stores nothing at a position far beyond the log, and serves no older entry as fresh', async () => {
    await system.read();
    await system.announce('000001.SZ', 'FFFFFFFF/FFFFFFFF');
    system.origin = () => answer('two');
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
    expect(await readsAgain()).toEqual(['miss', 'l2-hit']);
    system.origin = () => answer('three');
    await system.announce('600519.SH', (log = '0/21'));
    expect(await system.read()).toMatchObject({ etag: '"three"', cache: 'miss' });
  });

  it('clears entries at a position that is found false, and shows the writes after it', async () => {
    await until(() => confirmations === 1);
    await system.announce('000001.SZ', '0/2000');
    await system.read();
    await until(() => system.first.status().origin_calls === 1 && confirmations === 2);
    await new Promise(setImmediate);
    system.origin = () => answer('two');
    await system.announce('600519.SH', (log = '0/21'));
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
    expect(await readsAgain()).toEqual(['miss', 'l2-hit']);
  });

  it('does not learn a position far beyond the log from a caller', async () => {
    const asked = { ...request, announced: 'FFFFFFFF/FFFFFFFF' };
    const told = await system.read({}, system.first, asked);
    expect(told.after).toBeUndefined();
    system.origin = () => answer('two');
    await system.announce('600519.SH', (log = '0/21'));
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });
});
