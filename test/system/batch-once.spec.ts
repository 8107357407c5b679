import { tradingDays } from '@mystocks/calendar';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresPool } from '@mystocks/connection-pool';
import { sleep, waitFor } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, type Reply } from './requests.js';

interface Told {
  readonly summary: Readonly<Record<'total' | 'succeeded' | 'failed' | 'inserted' | 'unchanged', number>>;
  readonly items: readonly { readonly index: number; readonly status: number }[];
}

const HEADER = 'code,exchange,date,open,high,low,close,volume';
const SYMBOLS = 20;
const DAYS = 2_000;
const dates = tradingDays('2001-01-01', '2010-12-31');
const januaryDays = tradingDays('2010-01-04', '2010-01-31');

let system: System;
let database: PostgresPool;
beforeAll(async () => {
  system = await startSystem();
  const url = system.postgres.superuserUrl;
  database = new PostgresPool({ name: 'spec', url, size: 2, overflow: 0, statementTimeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await system.stop();
}, 30_000);
beforeEach(() => write('TRUNCATE market_data.bars_daily'));

const write = (text: string): Promise<unknown> => database.write((client) => client.query(text));

/** 40,000 lines, 1.6 MB: four blocks. */
function file(): string {
  const lines = [HEADER];
  for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
    for (let day = 0; day < DAYS; day += 1) {
      lines.push(`${600_000 + symbol},SSE,${dates[day] ?? ''},10,11,9.5,10.20,${day}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const send = (body: string, key: string, type: string, signal?: AbortSignal): Promise<Reply> =>
  ask(system.url, '/api/v2/batch/bars?register=true', {
    method: 'POST',
    headers: { ...bearer(system.adminToken), 'content-type': type, 'idempotency-key': key },
    body,
    signal: signal ?? null,
  });
/** Sends until it is answered, as a client does that was told to come again. */
const resend = (body: string, key: string, type = 'text/csv'): Promise<Reply> =>
  waitFor(
    async () => {
      const reply = await send(body, key, type);
      if (![409, 503, 504].includes(reply.status)) return reply;
      throw new Error(`${reply.status} ${reply.text.slice(0, 200)}`);
    },
    { timeoutMs: 15_000, everyMs: 100, what: 'the batch to be taken' },
  );
const rows = async <Row extends object>(text: string): Promise<Row[]> => (await database.query<Row>({ text })).rows;
const stored = async (): Promise<number> =>
  (await rows<{ n: number }>('SELECT count(*)::int AS n FROM market_data.bars_daily'))[0]?.n ?? 0;

/** Moments that a seed names (Lehmer's generator), as shares of 1. */
function* moments(seed: number): Generator<number> {
  for (let state = seed % 2_147_483_647; ;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

describe('market-data is killed in the middle of a batch', () => {
  const seed = Number(process.env['SEED'] ?? '20240614');

  it(`stores every line exactly once when it is sent again (seed ${seed})`, async () => {
    const csv = file();
    const startedMs = performance.now();
    const whole = await send(csv, randomUUID(), 'text/csv');
    const wholeMs = performance.now() - startedMs;
    expect((whole.body as Told).summary).toMatchObject({ inserted: SYMBOLS * DAYS, failed: 0 });
    const moment = moments(seed);
    for (let round = 0; round < 4; round += 1) {
      await write('TRUNCATE market_data.bars_daily');
      const key = randomUUID();
      const gone = new AbortController();
      const first = send(csv, key, 'text/csv', gone.signal).catch(() => undefined);
      await sleep((moment.next().value as number) * wholeMs);
      await system.services['market-data'].kill();
      gone.abort();
      await first;
      await system.services['market-data'].restart();
      const second = await resend(csv, key);
      // Each block was inserted by one run and no other, whichever that was.
      expect((second.body as Told).summary).toMatchObject({ total: 40_000, inserted: 40_000, unchanged: 0, failed: 0 });
      expect(await stored()).toBe(SYMBOLS * DAYS);
      const third = await send(csv, key, 'text/csv');
      expect(third.headers.get('idempotency-replayed')).toBe('true');
      expect(third.text).toBe(second.text);
    }
  }, 60_000);
});

describe('a batch whose answer is lost', () => {
  const items = Array.from({ length: 10 }, (_, n) => ({
    symbol: '600000.SH',
    date: januaryDays[n] ?? '',
    ...{ open: 10, high: 11, low: 9, close: 10, volume: n },
  }));
  const body = JSON.stringify({ items });
  const json = 'application/json';

  /** Holds every writer of bars up inside its transaction until it is let go. */
  async function holdWriters(): Promise<{
    readonly held: () => Promise<unknown>;
    readonly letGo: () => Promise<void>;
  }> {
    let [lock, letGo] = [(): void => undefined, (): void => undefined];
    const locked = new Promise<void>((resolve) => (lock = resolve));
    const released = new Promise<void>((resolve) => (letGo = resolve));
    const holding = database.write(async (client) => {
      await client.query('LOCK TABLE market_data.bars_daily IN EXCLUSIVE MODE');
      lock();
      await released;
    });
    await locked;
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'market_data.bars_daily'::regclass`;
    return {
      held: () => waitFor(async () => (await rows(waiting)).length > 0, { timeoutMs: 10_000, what: 'a writer' }),
      letGo: async () => {
        letGo();
        await holding;
      },
    };
  }

  it('a batch whose answer is lost is refused while it is under way, forgotten when its writer dies before the commit, and then taken', async () => {
    const measured = async (service: 'gateway' | 'market-data'): Promise<string> =>
      (await ask(system.services[service].managementUrl, '/metrics', {})).text;
    // Blocks of the tests before, whose writers were killed, may still wait for an answer.
    const isAtRest = async (): Promise<boolean> => !/^batch_concurrency.* [1-9]/m.test(await measured('gateway'));
    await waitFor(isAtRest, { timeoutMs: 40_000, what: 'the blocks of the tests before' });
    const key = randomUUID();
    const writers = await holdWriters();
    const gone = new AbortController();
    const first = send(body, key, json, gone.signal).catch(() => undefined);
    await writers.held();
    for (const service of ['gateway', 'market-data'] as const) {
      const text = await measured(service);
      expect(text).toMatch(/^batch_concurrency\{kind="bars"\} 1$/m);
      expect(text).toMatch(/^# TYPE batch_queue gauge$/m);
    }
    const again = await send(body, key, json);
    expect([again.status, again.body]).toMatchObject([409, { code: 1008 }]);
    await system.services['market-data'].kill();
    gone.abort();
    await Promise.all([first, writers.letGo(), system.services['market-data'].restart()]);
    const second = await resend(body, key, json);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, null]);
    expect(await stored()).toBe(items.length);
  }, 90_000);

  it('a batch whose answer is lost is answered again, and not stored again, when its writer died after the commit', async () => {
    const key = randomUUID();
    const writers = await holdWriters();
    const first = send(body, key, json);
    await writers.held();
    system.nats.pause();
    await writers.letGo();
    await waitFor(async () => (await stored()) === items.length, { timeoutMs: 10_000, what: 'the commit' });
    await Promise.all([system.services['market-data'].kill(), system.nats.kill()]);
    expect((await first).status).toBe(503);
    // Another write in between: a replay must not undo it.
    await write(`UPDATE market_data.bars_daily SET close = 10.5 WHERE day = '2010-01-04'`);
    await system.nats.restart();
    await system.services['market-data'].restart();
    const second = await resend(body, key, json);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect((second.body as Told).items.map(({ status }) => status)).toEqual(items.map(() => 201));
    const changed = await rows(`SELECT close::text FROM market_data.bars_daily WHERE day = '2010-01-04'`);
    expect([await stored(), changed]).toEqual([items.length, [{ close: '10.5' }]]);
  }, 30_000);

  it('a batch whose answer is lost is refused with another body, and stores nothing of it', async () => {
    const key = randomUUID();
    expect((await send(body, key, json)).status).toBe(200);
    const other = await send(JSON.stringify({ items: items.slice(1) }), key, json);
    expect([other.status, other.body]).toMatchObject([422, { code: 1008, title: 'IDEMPOTENCY_CONFLICT' }]);
    for (const [lines, type] of [
      [file(), 'text/csv'] as const,
      [`${JSON.stringify(items[0])}\n`, 'application/x-ndjson'] as const,
    ]) {
      expect((await send(lines, key, type)).status).toBe(422);
    }
    expect(await stored()).toBe(items.length);
  });
});
