import { describe, expect, it } from '@jest/globals';
import { CacheModel, PrewarmStatus, type WarmUpRun } from '@mystocks/contracts';
import { check } from '@mystocks/validation';
import { WarmUpStatusService } from './warm-up-status.service.js';

const NOW_MS = Date.parse('2024-06-14T16:00:00+08:00');
const NEXT_MS = Date.parse('2024-06-17T09:25:00+08:00');
const run: WarmUpRun = {
  ...{ trigger: 'start', instance: 'host:1', started_at: '2024-06-14T08:00:00.000Z' },
  ...{ symbols: 2, loaded: 4, unchanged: 1, failed: 1, used: 1, useful_ratio: 0.25 },
};
const known = { symbols: 12, hours: 3, since: new Date(NOW_MS - 7_200_000) };

const serviceOf = (parts: Partial<ConstructorParameters<typeof WarmUpStatusService>[0]> = {}): WarmUpStatusService =>
  new WarmUpStatusService({
    schedule: { reason: undefined, nextRunAtMs: NEXT_MS },
    log: { state: () => ({ storing: true, waiting: 0, dropped: 0 }) },
    accesses: { known: () => Promise.resolve(known) },
    runs: { latest: () => Promise.resolve([run]) },
    clock: { now: () => NOW_MS },
    symbolsMax: 200,
    perSecond: 50,
    ...parts,
  });
const hangs = (): Promise<never> => new Promise(() => undefined);
const fails = (): Promise<never> => Promise.reject(new Error('no database'));

describe('what operators see of warm-ups', () => {
  it('what operators see of warm-ups is the rule, its bounds, the next run and the last ones', async () => {
    const status = await serviceOf().status();
    expect(status).toEqual({
      ...{ enabled: true, rule: 'decayed-reads', symbols_max: 200, per_second_max: 50 },
      next_run_at: '2024-06-17T01:25:00.000Z',
      access_log: { storing: true, waiting: 0, dropped: 0 },
      runs: [run],
    });
    expect(() => check(PrewarmStatus, status, { unknown: 'refuse' })).not.toThrow();
  });

  it('what operators see of warm-ups is that it is off, and why, without a next run', async () => {
    const status = await serviceOf({ schedule: { reason: 'no secret', nextRunAtMs: NEXT_MS } }).status();
    expect(status).toMatchObject({ enabled: false, reason: 'no secret' });
    expect(status).not.toHaveProperty('next_run_at');
  });

  it('what operators see of warm-ups is a rule and no learned model, with what it goes by', async () => {
    const model = await serviceOf().model();
    expect(model).toMatchObject({ kind: 'rule', half_life_hours: 24, symbols_known: 12, hours_known: 3 });
    expect(model.since).toBe('2024-06-14T06:00:00.000Z');
    expect(() => check(CacheModel, model, { unknown: 'refuse' })).not.toThrow();
  });

  it.each([
    ['is away', fails],
    ['hangs', hangs],
  ])('what operators see of warm-ups is what is known without the database when that %s', async (_what, answer) => {
    const service = serviceOf({ accesses: { known: answer }, runs: { latest: answer } });
    const [status, model] = await Promise.all([service.status(), service.model()]);
    expect(status).toMatchObject({ enabled: true, runs: [], runs_unknown_because: 'The database does not answer' });
    expect(model).toMatchObject({ kind: 'rule', looks_back_hours: 240 });
    expect(model).not.toHaveProperty('symbols_known');
  });

  it('what operators see of warm-ups is said in full where there is no database at all', async () => {
    const service = serviceOf({ accesses: undefined, runs: undefined });
    expect(await service.status()).toMatchObject({ runs: [], runs_unknown_because: 'PG_PRIMARY_URL is not set' });
    expect(await service.model()).not.toHaveProperty('since');
  });
});
