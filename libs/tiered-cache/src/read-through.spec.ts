import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, listBars, type Answer } from '@mystocks/contracts';
import { currentContext, metrics, withContext } from '@mystocks/telemetry';
import type { Entry } from './entry.js';
import { FailedKeys } from './failed-keys.js';
import { GONE, type Freshness, type Judged } from './freshness.js';
import { ReadThrough, type CachedRead } from './read-through.js';

const read: CachedRead = { key: 'k', call: listBars, request: {}, readAfter: '0/7' };
const answer: Answer = { body: Buffer.from('{}'), etag: '"e"', tags: [], ttl_ms: 1_000, built_at_ms: 1 };
const entry: Entry = { answer, expiresAtMs: 1_000, graceUntilMs: 2_000, position: undefined };
const judged = (freshness: Freshness): Judged =>
  freshness === 'gone' ? GONE : { freshness, entry, invalidated: false };
const unavailable = new Failure('unavailable', 'the owner is away');

/** A tier whose lookups and fetches are the test's, with the steps that the algorithm took. */
class FakeTier {
  nowMs = 10_000;
  steps: string[] = [];
  found: Freshness = 'gone';
  foundAgain: Freshness = 'gone';
  isCutOff = false;
  failure: Error | undefined;
  readonly fetched: { readonly read: CachedRead; readonly deadlineMs: number | undefined }[] = [];
  readonly #clock = { now: (): number => this.nowMs };
  readonly through = new ReadThrough<CachedRead, Entry, string>(
    {
      layer: 'l2',
      find: () => this.#step('find', judged(this.found)),
      findAgain: () => this.#step('find again', judged(this.foundAgain)),
      isCutOff: () => this.isCutOff,
      fetch: (one) => {
        this.steps.push('fetch');
        this.fetched.push({ read: one, deadlineMs: currentContext()?.deadlineMs });
        return this.failure === undefined ? Promise.resolve('fetched') : Promise.reject(this.failure);
      },
      answer: (_read, _entry, state) => state,
      failed: new FailedKeys(this.#clock),
      spareMs: 100,
    },
    this.#clock,
  );

  #step<T>(name: string, result: T): T {
    this.steps.push(name);
    return result;
  }
}

let tier: FakeTier;
beforeEach(() => {
  tier = new FakeTier();
});

describe('ReadThrough', () => {
  it('answers with a fresh entry without a fetch', async () => {
    tier.found = 'fresh';
    expect([await tier.through.read(read), tier.steps]).toEqual(['l2-hit', ['find']]);
  });

  it('fetches when there is no entry that may be used', async () => {
    expect([await tier.through.read(read), tier.steps]).toEqual(['fetched', ['find', 'fetch']]);
    expect(tier.fetched[0]?.read).toBe(read);
  });

  it('answers stale while it revalidates in the background, without the position and deadline of the reader', async () => {
    tier.found = 'revalidate';
    const stale = metrics.cacheStale.cell('l2', 'revalidate');
    const before = stale.count;
    const context = { requestId: 'r', traceparent: '', deadlineMs: 10_500 };
    expect(await withContext(context, () => tier.through.read(read))).toBe('stale');
    expect(tier.fetched).toEqual([{ read: { ...read, readAfter: undefined }, deadlineMs: undefined }]);
    expect(stale.count).toBe(before + 1);
  });

  it('fetches when only the last good answer is there, and keeps time back for serving that', async () => {
    tier.found = 'grace';
    const context = { requestId: 'r', traceparent: '', deadlineMs: 11_000 };
    expect(await withContext(context, () => tier.through.read(read))).toBe('fetched');
    expect(tier.fetched[0]?.deadlineMs).toBe(10_900);
  });

  it('answers with the last good answer when the owner cannot be asked, and does not fetch again for a second', async () => {
    tier.found = tier.foundAgain = 'grace';
    tier.failure = unavailable;
    expect(await tier.through.read(read)).toBe('stale');
    expect(await tier.through.read(read)).toBe('stale');
    expect(tier.steps).toEqual(['find', 'fetch', 'find again', 'find']);
    tier.nowMs += 1_000;
    expect(await tier.through.read(read)).toBe('stale');
    expect(tier.fetched).toHaveLength(2);
  });

  it('answers with the last good answer at once when a fetch can only fail', async () => {
    tier.found = 'grace';
    tier.isCutOff = true;
    expect([await tier.through.read(read), tier.steps]).toEqual(['stale', ['find']]);
  });

  it('does not answer with an entry that was dropped while the fetch failed', async () => {
    tier.found = 'grace';
    tier.failure = unavailable;
    await expect(tier.through.read(read)).rejects.toBe(unavailable);
  });

  it('answers with the entry that another reader stored while the fetch failed', async () => {
    tier.foundAgain = 'fresh';
    tier.failure = unavailable;
    expect(await tier.through.read(read)).toBe('miss');
  });

  it('does not stop other readers of a key when a read without a last good answer fails', async () => {
    tier.failure = unavailable;
    await expect(tier.through.read(read)).rejects.toBe(unavailable);
    tier.failure = undefined;
    tier.found = 'grace';
    expect(await tier.through.read(read)).toBe('fetched');
  });

  it('passes on a refusal of the owner although there is a last good answer', async () => {
    tier.found = tier.foundAgain = 'grace';
    tier.failure = new Failure('not_found', 'there is no such symbol');
    await expect(tier.through.read(read)).rejects.toBe(tier.failure);
    expect(tier.steps).toEqual(['find', 'fetch']);
  });
});
