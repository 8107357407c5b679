import { describe, expect, it } from '@jest/globals';
import { Readiness } from './index.js';

const up = { name: 'nats', probe: () => Promise.resolve() };

describe('Readiness', () => {
  it('says which dependency is down and why, beside those that are up', async () => {
    const readiness = new Readiness([up, { name: 'redis', probe: () => Promise.reject(new Error('refused')) }]);
    expect(await readiness.results()).toEqual([
      { name: 'nats', up: true },
      { name: 'redis', up: false, reason: 'refused' },
    ]);
    expect(readiness.started).toBe(false);
  });

  it('shows what an operator should know of a dependency that is up', async () => {
    const detail = { ends_on: '2026-12-31', days_left: 31 };
    expect(await new Readiness([{ ...up, detail: () => detail }]).results()).toEqual([
      { name: 'nats', up: true, detail },
    ]);
  });

  it('asks a dependency once however many probes come, and again later', async () => {
    let nowMs = 0;
    let asked = 0;
    const probe = (): Promise<void> => {
      asked += 1;
      return Promise.resolve();
    };
    const readiness = new Readiness([{ name: 'nats', probe }], () => nowMs);
    await Promise.all(Array.from({ length: 1_000 }, () => readiness.results()));
    expect(asked).toBe(1);
    nowMs = 501;
    await readiness.results();
    expect(asked).toBe(2);
  });

  it('counts a dependency that hangs as down', async () => {
    const hang = { name: 'redis', probe: () => new Promise<void>(() => undefined) };
    expect(await new Readiness([hang]).results()).toEqual([
      { name: 'redis', up: false, reason: 'no answer in 1000 ms' },
    ]);
  });

  it('Readiness has started once everything was up, and stays so', async () => {
    let broken = false;
    let nowMs = 0;
    const probe = (): Promise<void> => (broken ? Promise.reject(new Error('gone')) : Promise.resolve());
    const readiness = new Readiness([{ name: 'nats', probe }], () => nowMs);
    await readiness.results();
    broken = true;
    nowMs = 1_000;
    expect((await readiness.results())[0]?.up).toBe(false);
    expect(readiness.started).toBe(true);
  });
});
