import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  insertStatements,
  fixedNames,
  literal,
  sql,
  TdenginePool,
  type Sql,
  type TdengineAnswer,
} from '@mystocks/connection-pool';
import type { Clock } from '@mystocks/kernel';
import { startTdengineStandIn, waitFor, type TdengineStandIn } from '@mystocks/testing';
import { Leases, type LeasedEntry, type Entry, type Lease, type Tier } from '@mystocks/tiered-cache';
import { keptWith } from '@mystocks/tiered-cache/conformance';
import { partsOf as partsBy } from './entry-rows.js';
import { nameOf, numberOf } from './tdengine-schema.js';
import { TdengineStore } from './tdengine-store.js';
import { TdengineTier } from './tdengine-tier.js';

const HOUR_MS = 3_600_000;
/** Rows as an instance writes them that no other instance knows. */
const partsOf = (entry: LeasedEntry): ReturnType<typeof partsBy> => partsBy(entry, 42);
const SOON = { timeoutMs: 20_000 };

let standIn: TdengineStandIn;
let pool: TdenginePool;
let database: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());
beforeEach(() => {
  database = `cache_${randomBytes(6).toString('hex')}`;
  const limits = { size: 2, overflow: 2, acquireTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
  pool = new TdenginePool({ name: 'rows', url: standIn.url, database, ...limits });
  opened.push(pool);
});
afterEach(async () => {
  standIn.heal();
  for (const one of opened.splice(0)) await one.close();
});

const ask = (statement: Sql): Promise<TdengineAnswer> => pool.query(statement);
const countOf = async (what: Sql): Promise<number> =>
  Number((await ask(sql`SELECT COUNT(*) FROM ${what}`)).rows[0]?.[0]);

async function open(clock?: Clock): Promise<TdengineTier> {
  const tier = new TdengineTier({ url: standIn.url, database, deadlineMs: 5_000, ...(clock && { clock }) });
  opened.push(tier);
  await waitFor(() => tier.serving, SOON);
  return tier;
}
async function leaseOf(tier: Tier, key: string): Promise<Lease> {
  const claim = await tier.claim(key, 60_000);
  if (claim.state !== 'leased') throw new Error(claim.state);
  return claim.lease;
}
const keep = async (tier: Tier, key: string, kept: Entry): Promise<boolean> => tier.set(kept, await leaseOf(tier, key));
const etagOf = async (tier: Tier, key: string): Promise<string | undefined> => {
  const found = await tier.get(key);
  return found.hit ? found.entry.answer.etag : undefined;
};
const large = (etag: string): Entry => keptWith({ etag, body: randomBytes(200_000) });

describe('entries of TdengineTier as rows', () => {
  it('entries of TdengineTier as rows are not there as long as one part is missing, and the one before stands until the first part comes', async () => {
    const tier = await open();
    await keep(tier, 'key', large('"1"'));
    const lease = await leaseOf(tier, 'key');
    const parts = partsOf({ entry: large('"2"'), lease }) ?? [];
    for (const part of parts.slice(0, -1)) {
      for (const statement of insertStatements([part])) await ask(statement);
      expect(await etagOf(tier, 'key')).toBe('"1"');
    }
    for (const statement of insertStatements(parts.slice(-1))) await ask(statement);
    expect(await etagOf(tier, 'key')).toBe('"2"');
    await ask(
      sql`DELETE FROM cache_entries WHERE part = 3 AND ts = ${literal.timestamp(Math.floor(lease.fence / 1_000))}`,
    );
    expect(await tier.get('key')).toEqual({ hit: false });
    expect(await keep(tier, 'another key', large('"3"'))).toBe(true);
    expect(await etagOf(tier, 'another key')).toBe('"3"');
  });

  it('entries of TdengineTier as rows are never put together from two that were written at the same time', async () => {
    const [tier, lease] = [await open(), { key: 'key', fence: Date.now() * 1_000 }];
    const [one, two] = [partsOf({ entry: large('"1"'), lease }) ?? [], partsOf({ entry: large('"2"'), lease }) ?? []];
    for (const statement of insertStatements([...one, ...two.slice(0, 2)])) await ask(statement);
    expect(await tier.get('key')).toEqual({ hit: false });
    for (const statement of insertStatements(two)) await ask(statement);
    expect(await etagOf(tier, 'key')).toBe('"2"');
  });

  it('entries of TdengineTier as rows do not show a late write of an earlier lease', async () => {
    const tier = await open();
    const early = await leaseOf(tier, 'key');
    await tier.release(early);
    await waitFor(() => Date.now() > early.fence / 1_000 + 1, SOON);
    await keep(tier, 'key', keptWith({ etag: '"later"' }));
    for (const statement of insertStatements(partsOf({ entry: large('"early"'), lease: early }) ?? []))
      await ask(statement);
    expect(await etagOf(tier, 'key')).toBe('"later"');
  });

  it('entries of TdengineTier as rows do not show a late write of a lease that a drop or write has overtaken, also to those who open later', async () => {
    const [tier, other] = [await open(), await open()];
    const [dropped, invalidated] = [await leaseOf(tier, 'dropped'), await leaseOf(tier, 'invalidated')];
    await other.drop({ tags: ['one'] });
    await other.invalidate(['two'], '0/5');
    const late = [
      ...(partsOf({ entry: keptWith({ tags: ['one'] }), lease: dropped }) ?? []),
      ...(partsOf({ entry: { ...keptWith({ tags: ['two'] }), position: '0/4' }, lease: invalidated }) ?? []),
    ];
    for (const statement of insertStatements(late)) await ask(statement);
    for (const reader of [tier, other, await open()]) {
      expect(await reader.get('dropped')).toEqual({ hit: false });
      expect(await reader.get('invalidated')).toMatchObject({ hit: true, invalidated: true });
    }
  });

  it('entries of TdengineTier as rows are dropped by an instance whose clock is behind, and kept again by it', async () => {
    const [ahead, behind] = [await open(), await open({ now: () => Date.now() - HOUR_MS })];
    for (const key of ['one', 'two']) await keep(ahead, key, keptWith({ tags: ['tag'] }));
    expect(await behind.drop({ keys: ['one'] })).toBe(1);
    expect([await etagOf(ahead, 'one'), await etagOf(ahead, 'two')]).toEqual([undefined, '"e"']);
    await behind.clear();
    expect(await etagOf(ahead, 'two')).toBeUndefined();
    expect(await keep(behind, 'two', keptWith({ etag: '"new"' }))).toBe(true);
    expect(await etagOf(ahead, 'two')).toBe('"new"');
  });

  it('entries of TdengineTier as rows are dropped by an instance whose clock is a little behind, also those that are still under way', async () => {
    const [ahead, behind] = [await open(), await open({ now: () => Date.now() - 500 })];
    const [dropped, invalidated] = [await leaseOf(ahead, 'dropped'), await leaseOf(ahead, 'invalidated')];
    await behind.drop({ tags: ['one'] });
    await behind.invalidate(['two'], '0/5');
    expect(await ahead.set(keptWith({ tags: ['one'] }), dropped)).toBe(false);
    expect(await ahead.set({ ...keptWith({ tags: ['two'] }), position: '0/4' }, invalidated)).toBe(false);
    expect(await keep(ahead, 'shown', { ...keptWith({ tags: ['two'] }), position: '0/5' })).toBe(true);
    expect(await keep(behind, 'own', keptWith({ tags: ['one', 'two'] }))).toBe(true);
    expect([await etagOf(behind, 'shown'), await etagOf(ahead, 'own')]).toEqual(['"e"', '"e"']);
  });

  it('survive a restart of TDengine, and the loss of its tables only empties the tier', async () => {
    const tier = await open();
    await keep(tier, 'key', keptWith({}));
    await standIn.restart();
    await waitFor(async () => (await etagOf(tier, 'key')) === '"e"', SOON);
    await ask(sql`DROP DATABASE ${fixedNames(database)(database)}`);
    expect(await tier.get('key')).toEqual({ hit: false });
    await waitFor(() => tier.serving, SOON);
    expect(await keep(tier, 'key', keptWith({ etag: '"again"' }))).toBe(true);
    expect(await etagOf(tier, 'key')).toBe('"again"');
  });

  it('entries of TdengineTier as rows are refused with everything else by a server that says no, until it says yes', async () => {
    const tier = await open();
    await keep(tier, 'key', keptWith({}));
    standIn.fault({ kind: 'error', code: 0x0914, desc: 'Sync leader is unreachable' });
    expect(await tier.get('key')).toEqual({ hit: false });
    expect(tier.serving).toBe(false);
    await expect(tier.probe()).rejects.toThrow();
    standIn.heal();
    await waitFor(async () => (await etagOf(tier, 'key')) === '"e"', SOON);
  });

  it('entries of TdengineTier as rows cost few statements when thousands are asked for at once', async () => {
    const tier = await open();
    const keys = Array.from({ length: 2_000 }, (_, n) => `key-${String(n)}`);
    await keep(tier, keys[7]!, keptWith({}));
    standIn.forget();
    const found = await Promise.all(keys.map((key) => tier.get(key)));
    expect(found.map(({ hit }, place) => (hit ? place : -1)).filter((place) => place >= 0)).toEqual([7]);
    expect(standIn.statements.length).toBeLessThan(50);
  });
});

describe('tidying up', () => {
  let nowMs: number;
  let store: TdengineStore;
  let leases: Leases;
  beforeEach(async () => {
    nowMs = Date.now();
    const clock = { now: () => nowMs };
    leases = new Leases(clock);
    store = new TdengineStore(pool, { database, deadlineMs: 5_000, clock, leases });
    await store.comeUp();
  });

  const write = async (key: string, usefulMs: number): Promise<void> => {
    const claim = leases.claim(key, 1_000);
    if (claim.state !== 'leased') throw new Error(claim.state);
    const kept = { ...keptWith({ tags: ['tag'] }), expiresAtMs: nowMs + usefulMs / 2, graceUntilMs: nowMs + usefulMs };
    expect(await store.write([{ entry: kept, lease: claim.lease }])).toHaveLength(1);
    leases.end(claim.lease);
    nowMs += 1;
  };

  it('removes entries that no reader can use any more, and no other', async () => {
    for (let n = 0; n < 20; n += 1) await write('written often', 10_000);
    await write('of a day', 20 * HOUR_MS);
    await write('of a month', 400 * HOUR_MS);
    nowMs += HOUR_MS - 1_000;
    await store.tidy();
    expect(await countOf(sql`cache_entries`)).toBe(22);
    nowMs += 2_000;
    await store.tidy();
    expect(await countOf(sql`cache_entries`)).toBe(2);
    nowMs += 24 * HOUR_MS;
    await store.tidy();
    expect(await countOf(sql`cache_entries`)).toBe(1);
    const name = nameOf('key', 'of a month');
    expect((await store.read([name])).get(name)).toMatchObject({ hit: true, invalidated: false });
  });

  it('does not bring back what was kept for longer than what came after it', async () => {
    const name = nameOf('key', 'key');
    await write('key', 20 * HOUR_MS);
    await write('another', 20 * HOUR_MS);
    await write('key', 1_000);
    nowMs += 2 * HOUR_MS;
    await store.tidy();
    expect((await store.read([name])).has(name)).toBe(false);
    expect(await countOf(sql`cache_entries`)).toBe(1);
  });

  it('leaves one stamp of many, and it says all that they said', async () => {
    await write('key', 10 * HOUR_MS);
    const [tag, name] = [nameOf('tag', 'tag'), nameOf('key', 'key')];
    for (const lsn of ['0/2', '0/9', '0/3']) {
      await store.invalidate([tag], leases.invalidate(['tag'], lsn), numberOf(lsn));
      nowMs += 10;
    }
    await store.drop([], [nameOf('tag', 'other')], leases.drop({ tags: ['other'] }));
    expect(await countOf(sql`cache_stamps`)).toBe(4);
    // Those of a moment ago stay as they are: another may just be on its way.
    await store.tidy();
    expect(await countOf(sql`cache_stamps`)).toBe(4);
    nowMs += 60_000;
    await store.invalidate([tag], leases.invalidate(['tag'], '0/1'), numberOf('0/1'));
    await store.tidy();
    expect(await countOf(sql`cache_stamps WHERE dropped = false`)).toBe(2);
    const { rows } = await ask(sql`SELECT MAX(lsn) FROM cache_stamps WHERE dropped = false`);
    expect(rows).toEqual([[9n]]);
    expect((await store.read([name])).get(name)).toMatchObject({ hit: true, invalidated: true });
  });
});
