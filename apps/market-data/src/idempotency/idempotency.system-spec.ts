import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest } from '@mystocks/contracts';
import { FakeBus, waitFor } from '@mystocks/testing';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { BarsIngestService } from '../ingest/bars-ingest.service.js';
import { claimOfBlock } from '../lines/block-claims.js';
import type { Claim } from './claim.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume';
const line = (day: string, close = '10.20'): string => `600519,SSE,${day},10,11,9.5,${close},100`;
let keys = 0;
const block = (body: string, more: Partial<IngestBarsRequest> = {}): IngestBarsRequest =>
  request(HEADER, body, { idempotency_key: `key-${String(keys)}`, want_items: true, ...more });

function claimOf(one: IngestBarsRequest): Claim {
  const claim = claimOfBlock('bars', one, 'market-data');
  if (claim === undefined) throw new Error('it has no key');
  return claim;
}

let room: Ingest;
beforeAll(async () => {
  room = await openIngest();
}, 60_000);
afterAll(() => room.stop());
beforeEach(async () => {
  keys += 1;
  await room.empty();
});

const count = async (table: string): Promise<unknown> =>
  (await room.rows(`SELECT count(*)::int AS n FROM market_data.${table}`))[0]?.['n'];
const closes = async (): Promise<unknown[]> =>
  (await room.rows('SELECT close::text FROM market_data.bars_daily ORDER BY day')).map(({ close }) => close);
const setAge = (age: string): Promise<unknown> =>
  room.pool.write((client) =>
    client.query('UPDATE market_data.idempotency_keys SET created_at = now() - $1::interval', [age]),
  );

describe('a block with an idempotency key', () => {
  it('a block with an idempotency key is stored once and answered the same way each time, also after another write', async () => {
    const body = [line('2024-06-13'), line('2024-06-31')].join('\n');
    const { lsn, ...first } = await room.bars.ingest(block(body));
    expect(first).toMatchObject({ total: 2, inserted: 1, failed: 1 });
    await room.bars.ingest(request(HEADER, line('2024-06-13', '10.50')));
    const { lsn: later, replayed, ...second } = await room.bars.ingest(block(body));
    expect([second, replayed]).toEqual([first, true]);
    expect(BigInt(`0x${later?.replace('/', '') ?? ''}`)).toBeGreaterThan(BigInt(`0x${lsn?.replace('/', '') ?? ''}`));
    expect(await closes()).toEqual(['10.50']);
    expect(room.changes()).toHaveLength(2);
  });

  it('a block with an idempotency key is answered the same way when nothing of it could be stored', async () => {
    const body = [line('2024-06-13'), line('2024-06-31')].join('\n');
    const first = await room.bars.ingest(block(body, { on_error: 'abort' }));
    expect([first.failed, first.lsn]).toEqual([2, undefined]);
    expect(await room.bars.ingest(block(body, { on_error: 'abort' }))).toEqual({ ...first, replayed: true });
  });

  it('a block with an idempotency key is refused when the key comes with another request, and nothing of that is stored', async () => {
    await room.bars.ingest(block(line('2024-06-13')));
    const unlisted = line('2024-06-13').replace('600519', '600999');
    const others = [block(line('2024-06-14')), block(line('2024-06-13'), { register: false }), block(unlisted)];
    const instruments = await count('instruments');
    for (const other of others) {
      const failure = { code: 'unprocessable', problem: 'IDEMPOTENCY_CONFLICT' };
      await expect(room.bars.ingest(other)).rejects.toMatchObject(failure);
    }
    const listed = room.lists.ingest(block('600519,SSE,x', { header: 'code,exchange,name' }));
    await expect(listed).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await count('instruments')).toBe(instruments);
    expect(await count('bars_daily')).toBe(1);
  });

  it('a block with an idempotency key is told to come again while the same key is under way', async () => {
    const one = block(line('2024-06-13'));
    const claim = claimOf(one);
    await room.transactions.run(async (transaction) => {
      expect(await room.keys.claim(transaction, claim)).toBe(true);
      const failure = { code: 'conflict', problem: 'IDEMPOTENCY_CONFLICT', retryAfterS: 1 };
      await expect(room.bars.ingest(one)).rejects.toMatchObject(failure);
    });
    expect(await room.bars.ingest(one)).toMatchObject({ inserted: 1 });
  });

  it('a block with an idempotency key is stored exactly once by many senders at once: one does it, the others are told so', async () => {
    const one = block(line('2024-06-13'));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => room.bars.ingest(one)));
    const reports = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(reports.filter(({ replayed }) => replayed !== true)).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
    expect(await count('bars_daily')).toBe(1);
  });

  it('meets neither the same key of another caller nor another block of its file', async () => {
    const [first, second] = [line('2024-06-13'), line('2024-06-14')];
    const reports = [
      await room.bars.ingest(block(first), 'desk-1'),
      await room.bars.ingest(block(second), 'desk-2'),
      await room.bars.ingest(block(second, { first_line: 3 }), 'desk-1'),
    ];
    expect(reports.map(({ replayed }) => replayed)).toEqual([undefined, undefined, undefined]);
  });

  it('keeps no key when its transaction fails', async () => {
    const one = block(line('2024-06-13'));
    const failing = new Error('the disk is full');
    const ingest = room.once.run({ kind: 'bars', claim: claimOf(one), receivedAtMs: 0 }, () => Promise.reject(failing));
    await expect(ingest).rejects.toBe(failing);
    const report = await room.bars.ingest(one);
    expect([report.inserted, report.replayed]).toEqual([1, undefined]);
  });
});

describe('the events of a block with a key', () => {
  const untold = (): Promise<unknown> => count(`idempotency_keys WHERE untold IS NOT NULL`);

  it('the events of a block with a key are told once, and not again by a replay', async () => {
    await room.bars.ingest(block(line('2024-06-13')));
    await waitFor(async () => (await untold()) === 0, {
      timeoutMs: 5_000,
      what: 'the events to be marked as published',
    });
    await room.bars.ingest(block(line('2024-06-13')));
    expect(room.changes()).toHaveLength(1);
  });

  it('the events of a block with a key are told by the replay when the first run died before it could', async () => {
    const dead = new FakeBus();
    dead.setConnected(false);
    const one = block(line('2024-06-13'));
    await new BarsIngestService(
      room.blocks,
      room.store.barsIngest,
      room.onceOver(dead),
      room.loads,
      room.withheld,
      room.givenFactors,
    ).ingest(one);
    expect(room.changes()).toHaveLength(0);
    const { lsn } = await room.bars.ingest(one);
    expect(room.changes()).toMatchObject([{ symbol: '600519.SH', from: '2024-06-13', bar: { c: 10.2 }, lsn }]);
    await waitFor(async () => (await untold()) === 0, {
      timeoutMs: 5_000,
      what: 'the events to be marked as published',
    });
  });
});

it('publishes the events of all writes made without the bus when it is back, with a key and without', async () => {
  room.bus.setConnected(false);
  const { lsn: first } = await room.bars.ingest(request(HEADER, line('2024-06-13')));
  const { lsn: second } = await room.bars.ingest(block(line('2024-06-14')));
  expect(room.changes()).toHaveLength(0);
  room.bus.setConnected(true);
  expect(room.changes().map(({ lsn }) => lsn)).toEqual([first, second]);
  await waitFor(async () => (await count('idempotency_keys WHERE untold IS NOT NULL')) === 0, { timeoutMs: 5_000 });
});

describe('keys', () => {
  it('keys are remembered for two days and then forgotten, some at a time', async () => {
    await room.bars.ingest(block(line('2024-06-13')));
    await setAge('47 hours');
    expect(await room.keys.deleteExpired()).toBe(0);
    await setAge('49 hours');
    const held = Number(await count('idempotency_keys'));
    expect(await room.keys.deleteExpired()).toBe(held);
    expect(await count('idempotency_keys')).toBe(0);
  });

  it('keys are forgotten round after round where more come than one round takes', async () => {
    await room.pool.write((client) =>
      client.query(`INSERT INTO market_data.idempotency_keys (owner, key, part, request_hash, report, created_at)
        SELECT 'many', 'old', n, '', '{}', now() - interval '3 days' FROM generate_series(1, 2500) AS n`),
    );
    const once = room.onceOver(new FakeBus());
    const writer = new BarsIngestService(
      room.blocks,
      room.store.barsIngest,
      once,
      room.loads,
      room.withheld,
      room.givenFactors,
    );
    let part = 2;
    const forgotten = async (): Promise<boolean> => {
      await writer.ingest(block(line('2024-06-13'), { first_line: (part += 1) }));
      return (await count(`idempotency_keys WHERE key = 'old'`)) === 0;
    };
    await waitFor(forgotten, { timeoutMs: 5_000, what: 'all old keys to be forgotten' });
  });
});
