import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CacheModel, PrewarmStatus, WarmUpRun } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { Client } from 'pg';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';

const SYMBOLS = 30;
/** As many as are warmed, and how fast. */
const HOT = 10;
const PER_SECOND = 20;
const symbols = Array.from({ length: SYMBOLS }, (_, n) => `${600_100 + n}.SH`);
/** The last ones are read most. */
const hottest = symbols.slice(-HOT);

let system: System;
beforeAll(async () => {
  const cache = { CACHE_WARM_UP_SYMBOLS: String(HOT), CACHE_WARM_UP_PER_SECOND: String(PER_SECOND) };
  system = await startSystem({ settings: { cache } });
  const lines = symbols.map((symbol) => `${symbol.slice(0, 6)},SSE,2020-06-01,10,11,9,10,100\n`);
  const csv = `code,exchange,date,open,high,low,close,volume\n${lines.join('')}`;
  const stored = await postCsv(system.url, '/api/v2/batch/bars?register=true', csv, system.adminToken);
  expect(stored.status).toBe(200);
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const operate = (path: string): Promise<Reply> => get(system.url, path, system.adminToken);
const read = (symbol: string, headers?: Record<string, string>): Promise<Reply> =>
  get(system.url, `/api/v2/stocks/${symbol}/bars`, system.adminToken, headers);
const status = async (): Promise<PrewarmStatus> => {
  const { status: code, body, text } = await operate('/api/v2/cache/prewarm/status');
  if (code !== 200) throw new Error(text);
  return body as PrewarmStatus;
};
const lastRun = async (): Promise<WarmUpRun | undefined> => (await status()).runs[0];

/** Reads by symbol, as the access log has them. */
async function logged(): Promise<Record<string, number>> {
  const client = new Client({ connectionString: system.postgres.urlOf('cache') });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const text = 'SELECT symbol, sum(reads)::int AS reads FROM cache.symbol_accesses GROUP BY symbol';
    const { rows } = await client.query<{ symbol: string; reads: number }>(text);
    return Object.fromEntries(rows.map(({ symbol, reads }) => [symbol, reads]));
  } finally {
    await client.end();
  }
}
/** Waits until what `look` expects is so. */
const holds = (look: () => Promise<void>, what: string): Promise<unknown> =>
  waitFor(() => look().then(() => true), { timeoutMs: 40_000, what });
const becomesLogged = (wanted: Record<string, number>): Promise<unknown> =>
  holds(async () => expect(await logged()).toEqual(wanted), 'the reads to be stored');
const total: Record<string, number> = {};
const count = (symbol: string): void => void (total[symbol] = (total[symbol] ?? 0) + 1);

describe('the access log and the warm-up it feeds', () => {
  it('counts every read that is served, by whatever tier, with a body or without', async () => {
    for (const [place, symbol] of symbols.entries()) {
      let etag = '';
      for (let again = 0; again <= place; again += 1) {
        const { status: code, headers } = await read(symbol, again % 2 === 1 ? { 'if-none-match': etag } : undefined);
        expect(code).toBe(again % 2 === 1 ? 304 : 200);
        etag = headers.get('etag') ?? '';
        count(symbol);
      }
    }
    expect((await read('699999.SH')).status).toBe(404);
    expect((await read('x')).status).toBe(400);
    // A gateway that stops tells what it has counted.
    await system.services.gateway.restart();
    await becomesLogged(total);
  }, 60_000);

  it('loads the hottest after a start, slowly, and counts exactly those that are used', async () => {
    const restartedMs = Date.now();
    await system.services.cache.restart();
    await system.services.gateway.restart();
    // The run of the one before may have come late, and found what is read already: everything was there.
    const isDone = async (): Promise<void> => {
      const run = await lastRun();
      expect(run).toMatchObject({ symbols: HOT, finished_at: expect.any(String) });
      expect(Date.parse(run?.started_at ?? '')).toBeGreaterThanOrEqual(restartedMs);
    };
    await holds(isDone, 'the warm-up');
    const run = await lastRun();
    expect(run).toMatchObject({ trigger: 'start', failed: 0, used: 0 });
    const loaded = run?.loaded ?? 0;
    expect(loaded).toBeGreaterThanOrEqual(HOT);
    const tookMs = Date.parse(run?.finished_at ?? '') - Date.parse(run?.started_at ?? '');
    expect(tookMs).toBeGreaterThanOrEqual(((loaded - 1) / PER_SECOND) * 1_000);

    const used = hottest.slice(0, 4);
    for (const symbol of [...used, ...used]) {
      expect((await read(symbol)).headers.get('x-cache')).toMatch(/^l[12]-hit$/);
      count(symbol);
    }
    // Not among the hottest: it has to be fetched.
    expect((await read(symbols[0] ?? '')).headers.get('x-cache')).toBe('miss');
    count(symbols[0] ?? '');
    const isCounted = async (): Promise<void> =>
      expect(await lastRun()).toMatchObject({ used: 4, useful_ratio: 4 / loaded });
    await holds(isCounted, 'the uses');
    const isMeasured = async (): Promise<void> => {
      const { text } = await get(system.services.cache.managementUrl, '/metrics');
      expect(text).toContain(`\nprewarm_useful_ratio ${4 / loaded}\n`);
    };
    await holds(isMeasured, 'the metric');
  }, 60_000);

  it('says by what rule, from which log, and when next', async () => {
    const { enabled, reason, next_run_at: next, access_log: log } = await status();
    expect({ enabled, reason, log }).toMatchObject({ enabled: true, reason: undefined, log: { storing: true } });
    expect(Date.parse(next ?? '')).toBeGreaterThan(Date.now());
    const model = (await operate('/api/v2/cache/model')).body as CacheModel;
    expect(model).toMatchObject({ kind: 'rule', name: 'decayed-reads', half_life_hours: 24, symbols_known: SYMBOLS });
    expect(Date.parse(model.since ?? '')).toBeGreaterThan(Date.now() - 7_200_000);
  });

  it('reads on and stays ready while PostgreSQL is away, and stores the counts when it is back', async () => {
    const servers = [system.postgres, ...system.postgres.replicas];
    await Promise.all(servers.map((server) => server.kill()));
    for (const symbol of hottest.slice(0, 4)) {
      expect((await read(symbol)).status).toBe(200);
      count(symbol);
    }
    await system.services.gateway.restart();
    const isKept = async (): Promise<void> => {
      const { access_log: log, runs_unknown_because: why } = await status();
      expect(log).toMatchObject({ storing: false, dropped: 0 });
      expect(log.waiting).toBeGreaterThan(3);
      expect(why).toMatch(/database/);
    };
    await holds(isKept, 'the counts to wait');
    expect((await system.services.cache.readiness()).status).toBe(200);
    for (const server of servers) await server.restart();
    await becomesLogged(total);
  }, 90_000);

  it('the access log and the warm-up it feeds is off with a wrong secret, says why, and asks once', async () => {
    await system.services.cache.stop();
    await system.another('cache', { CACHE_CLIENT_SECRET: 'w'.repeat(32) });
    const isOff = async (): Promise<void> => {
      const { enabled, reason } = await status();
      expect({ enabled, reason }).toEqual({ enabled: false, reason: 'The auth service refuses CACHE_CLIENT_SECRET' });
    };
    await holds(isOff, 'the refusal');
    expect((await read(hottest[0] ?? '')).status).toBe(200);
    // The lines of calls are written in batches.
    const asked = (): readonly string[] =>
      system.services.auth.process.output().match(/issue-service\.v1","outcome":"unauthenticated"/g) ?? [];
    await waitFor(() => asked().length > 0, { timeoutMs: 10_000, what: 'the line of the refused call' });
    expect(asked()).toHaveLength(1);
  }, 60_000);
});
