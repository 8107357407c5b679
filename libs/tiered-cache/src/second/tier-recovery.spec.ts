import { describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { TierRecovery } from './tier-recovery.js';

/** A store whose behaviour the test decides. */
class Store {
  isWell = true;
  madeUp = 0;
  canMakeUp = true;
  probes = 0;
  /** Holds probes back until it is called. */
  #goOn: (() => void) | undefined;

  hold(): void {
    this.#held = new Promise((resolve) => (this.#goOn = resolve));
  }

  release(): void {
    this.#goOn?.();
    this.#held = undefined;
  }

  readonly open = (): TierRecovery =>
    new TierRecovery({
      name: 'a store',
      probe: async () => {
        this.probes += 1;
        await this.#held;
        if (!this.isWell) throw new Error('not well');
      },
      catchUp: () => {
        if (!this.canMakeUp) return Promise.reject(new Error('cannot make up for it'));
        this.madeUp += 1;
        return Promise.resolve();
      },
    });

  #held: Promise<void> | undefined;
}

async function until(condition: () => boolean): Promise<void> {
  for (const giveUpMs = Date.now() + 10_000; !condition(); await pause(5)) {
    if (Date.now() > giveUpMs) throw new Error('did not happen within 10 s');
  }
}
const failing = (): Promise<never> => Promise.reject(new Error('failed'));

describe('TierRecovery', () => {
  it('serves nothing before the first probe succeeds', async () => {
    const store = new Store();
    store.hold();
    const recovery = store.open();
    expect([recovery.serving, await recovery.attempt(() => Promise.resolve(1))]).toEqual([false, undefined]);
    store.release();
    await until(() => recovery.serving);
    expect(await recovery.attempt(() => Promise.resolve(1))).toBe(1);
    recovery.close();
  });

  it('sends nothing after one failure until a probe succeeds, and probes repeatedly', async () => {
    const store = new Store();
    const recovery = store.open();
    await until(() => recovery.serving);
    store.isWell = false;
    const probes = store.probes;
    expect(await recovery.attempt(failing)).toBeUndefined();
    let sent = 0;
    const work = (): Promise<number> => Promise.resolve((sent += 1));
    await until(() => store.probes >= probes + 3);
    expect([await recovery.attempt(work), sent, recovery.serving]).toEqual([undefined, 0, false]);
    store.isWell = true;
    await until(() => recovery.serving);
    expect(await recovery.attempt(work)).toBe(1);
    recovery.close();
  });

  it('serves nothing until the missed changes are done', async () => {
    const store = new Store();
    const recovery = store.open();
    await until(() => recovery.serving);
    store.canMakeUp = false;
    const makingUp = recovery.catchUp();
    expect(recovery.serving).toBe(false);
    await makingUp;
    expect([recovery.serving, store.madeUp]).toEqual([false, 0]);
    store.canMakeUp = true;
    await until(() => recovery.serving);
    expect(store.madeUp).toBe(1);
    recovery.close();
  });

  it('discards what was read while a change was missed or an operation failed', async () => {
    const store = new Store();
    const recovery = store.open();
    await until(() => recovery.serving);
    let answer: (value: number) => void = () => undefined;
    const slow = (): Promise<number> => new Promise((resolve) => (answer = resolve));
    const read = recovery.attempt(slow);
    await recovery.catchUp();
    expect(recovery.serving).toBe(true);
    answer(1);
    expect(await read).toBeUndefined();
    const another = recovery.attempt(slow);
    await recovery.attempt(failing);
    answer(2);
    expect(await another).toBeUndefined();
    recovery.close();
  });

  it('does every missed change, whenever it is requested', async () => {
    const store = new Store();
    const recovery = store.open();
    await until(() => recovery.serving);
    let asked = 0;
    for (let turn = 0; turn < 300; turn += 1) {
      const makingUp = recovery.catchUp();
      asked += 1;
      for (let tick = 0; tick < turn % 7; tick += 1) await Promise.resolve();
      const other = recovery.catchUp();
      asked += 1;
      await Promise.all([makingUp, other]);
      expect(recovery.serving).toBe(true);
    }
    expect(store.madeUp).toBeGreaterThanOrEqual(asked / 2);
    recovery.close();
  });

  it('does nothing after it was closed', async () => {
    const store = new Store();
    const recovery = store.open();
    await until(() => recovery.serving);
    recovery.close();
    expect([recovery.serving, await recovery.attempt(() => Promise.resolve(1))]).toEqual([false, undefined]);
    await recovery.catchUp();
    expect(store.madeUp).toBe(0);
  });
});
