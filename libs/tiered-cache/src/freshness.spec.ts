import { describe, expect, it } from '@jest/globals';
import { Failure, failureCodes, qualities, type Answer, type FailureCode } from '@mystocks/contracts';
import fc from 'fast-check';
import { freshnessOf, mayUseLastGood, staleOf, type Freshness } from './freshness.js';
import { MISS, type Lookup } from './entry.js';

const answer = (more: Partial<Answer> = {}): Answer => ({
  body: Buffer.from('{}'),
  etag: '"e"',
  tags: [],
  ttl_ms: 1_000,
  built_at_ms: 1,
  ...more,
});
const found = (swr_ms: number | undefined, invalidated = false): Lookup => ({
  hit: true,
  invalidated: invalidated,
  entry: {
    answer: answer(swr_ms === undefined ? {} : { swr_ms }),
    expiresAtMs: 1_000,
    graceUntilMs: 5_000,
    position: undefined,
  },
});

describe('the freshness of an entry', () => {
  it.each<[number, number | undefined, Freshness]>([
    [999, 10, 'fresh'],
    [1_000, 10, 'revalidate'],
    [1_009, 10, 'revalidate'],
    [1_010, 10, 'grace'],
    [1_000, undefined, 'grace'],
    [1_000, 0, 'grace'],
    [4_999, 0, 'grace'],
    [5_000, 0, 'gone'],
    [5_000, 60_000, 'gone'],
  ])('the freshness of an entry is, at %i ms with %s ms to revalidate, %s', (nowMs, swr_ms, freshness) => {
    expect(freshnessOf(found(swr_ms), nowMs)).toBe(freshness);
  });

  it('the freshness of an entry is at most grace after a write, whatever its times say', () => {
    expect([0, 999, 1_005, 4_999, 5_000].map((nowMs) => freshnessOf(found(10, true), nowMs))).toEqual([
      'grace',
      'grace',
      'grace',
      'grace',
      'gone',
    ]);
  });

  it.each<[number, number | undefined, Freshness]>([
    [3_999, undefined, 'grace'],
    [4_099, 100, 'grace'],
    [4_100, 100, 'gone'],
    [5_000, 4_000, 'gone'],
  ])('the freshness of an entry is, at %i ms when invalidated at %s ms, %s', (nowMs, invalidatedAtMs, freshness) => {
    expect(freshnessOf(found(10, true), nowMs, invalidatedAtMs)).toBe(freshness);
  });

  it('the freshness of an entry is not changed by a write that it shows', () => {
    expect(freshnessOf(found(10), 4_999, 100)).toBe('grace');
    expect(freshnessOf(found(10), 999, 100)).toBe('fresh');
  });

  it('the freshness of an entry is gone when there is no entry', () => {
    expect(freshnessOf(MISS, 0)).toBe('gone');
  });

  it('only gets worse over time', () => {
    const order: readonly Freshness[] = ['fresh', 'revalidate', 'grace', 'gone'];
    const times = { expiresAtMs: fc.nat(100), graceMs: fc.nat(100), swr_ms: fc.nat(200), invalidated: fc.boolean() };
    fc.assert(
      fc.property(fc.record(times), fc.array(fc.nat(300)), ({ expiresAtMs, graceMs, swr_ms, invalidated }, moments) => {
        const kept = {
          answer: answer({ swr_ms }),
          expiresAtMs,
          graceUntilMs: expiresAtMs + graceMs,
          position: undefined,
        };
        const ranks = moments
          .sort((a, b) => a - b)
          .map((nowMs) => order.indexOf(freshnessOf({ hit: true, entry: kept, invalidated: invalidated }, nowMs)));
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
    );
  });
});

describe('the last good answer', () => {
  it('replaces the answer of an owner that cannot be asked, never of one that refused', () => {
    const codes = Object.keys(failureCodes) as FailureCode[];
    expect(codes.filter((code) => mayUseLastGood(new Failure(code, 'no')))).toEqual(['unavailable', 'timeout']);
    expect(mayUseLastGood(new Error('unavailable'))).toBe(false);
  });
});

describe('a stale answer', () => {
  const text = '{"bars":[],"meta":{"quality":"live","as_of":null}}';
  const live = answer({
    body: Buffer.from(text),
    quality: 'live',
    quality_at: text.indexOf('"live"'),
    as_of: '2024-06-14T15:00:00+08:00',
    immutable: true,
    swr_ms: 5,
  });

  it('says in every place that it is stale, and must not be stored', () => {
    const stale = staleOf(live);
    expect(JSON.parse(stale.body.toString())).toEqual({ bars: [], meta: { quality: 'stale', as_of: null } });
    expect(stale).toMatchObject({
      etag: '"e-stale"',
      cache: 'stale',
      quality: 'stale',
      ttl_ms: 0,
      swr_ms: 0,
      immutable: false,
    });
    expect(stale).toMatchObject({ built_at_ms: live.built_at_ms, as_of: live.as_of, tags: live.tags });
    expect(live.body.toString()).toBe(text);
  });

  it('a stale answer is the same when it is made of a stale answer', () => {
    expect(staleOf(staleOf(live))).toEqual(staleOf(live));
  });

  it.each([undefined, 0, 10, text.length - 1, text.length, 1e9])('keeps its body when quality_at is %s', (at) => {
    const unsaid = answer({ body: Buffer.from(text) });
    const stale = staleOf(at === undefined ? unsaid : { ...unsaid, quality_at: at });
    expect(stale.body.toString()).toBe(text);
    expect(stale).toMatchObject({ cache: 'stale', quality: 'stale' });
  });

  it('differs from the fresh answer in its quality only, whatever else the document holds', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.constantFrom(...qualities), (before, after, quality) => {
        const head = Buffer.from(`{"a":${before},"meta":{"quality":`);
        const body = Buffer.concat([head, Buffer.from(`"${quality}","z":${after}}}`)]);
        const stale = staleOf(answer({ body, quality_at: head.length }));
        const fresh = JSON.parse(body.toString()) as { meta: object };
        expect(JSON.parse(stale.body.toString())).toEqual({ ...fresh, meta: { ...fresh.meta, quality: 'stale' } });
      }),
    );
  });

  it('a stale answer has an entity tag of its own that is short enough for its contract', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,78}$/), (inner) => {
        const { etag } = staleOf(answer({ etag: `"${inner}"` }));
        expect(etag).toMatch(/^"[A-Za-z0-9_-]*-stale"$/);
        expect(etag.length).toBeLessThanOrEqual(80);
        expect(etag).not.toBe(`"${inner}"`);
      }),
    );
  });
});
