import { describe, expect, it } from '@jest/globals';
import { metrics } from '@mystocks/telemetry';
import type { Entry } from '../entry.js';
import { NearCache, type NearCacheOptions } from './near-cache.js';

const NOW = 1_000;
const KEY = 'k'.repeat(43);

interface About extends Partial<Omit<Entry, 'answer'>> {
  readonly tags?: string[];
  readonly bytes?: number;
}

const kept = ({ tags = ['600519.SH'], bytes = 2, ...rest }: About = {}): Entry => ({
  answer: { body: Buffer.alloc(bytes), etag: '"e"', tags, ttl_ms: 500, built_at_ms: 1 },
  expiresAtMs: NOW + 500,
  graceUntilMs: NOW + 9_000,
  position: undefined,
  ...rest,
});

/** A cache that holds these entries. */
function holding(entries: Readonly<Record<string, Entry>>, options: NearCacheOptions = {}): NearCache {
  const cache = new NearCache(options);
  for (const [key, one] of Object.entries(entries)) expect(cache.set(key, one, cache.begin())).toBe(true);
  return cache;
}

describe('NearCache', () => {
  it('serves an entry until it expires, and holds it until its grace ends', () => {
    const entry = kept();
    const cache = holding({ [KEY]: entry });
    expect(cache.get(KEY, NOW)).toBe(entry);
    expect(cache.get(KEY, NOW + 500)).toBeUndefined();
    expect(cache.lastGood(KEY, NOW + 8_999)).toEqual({ entry, invalidated: false });
    expect(cache.lastGood(KEY, NOW + 9_000)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('finds an entry by the URL that it was requested with', () => {
    const cache = holding({ [KEY]: kept() });
    cache.alias('/api/v2/bars/600519', KEY);
    expect(cache.getByAlias('/api/v2/bars/600519', NOW)).toBeDefined();
    expect(cache.getByAlias('/api/v2/bars/600518', NOW)).toBeUndefined();
    cache.invalidate(['600519.SH'], '0/2');
    expect(cache.getByAlias('/api/v2/bars/600519', NOW)).toBeUndefined();
  });

  it('does not remember very long URLs', () => {
    const cache = holding({ [KEY]: kept() });
    cache.alias(`/${'x'.repeat(2_000)}`, KEY);
    expect(cache.getByAlias(`/${'x'.repeat(2_000)}`, NOW)).toBeUndefined();
  });

  it('invalidates only the entries that may not show a write', () => {
    const old = kept({ position: '0/1' });
    const cache = holding({ old, newer: kept({ position: '0/9' }), other: kept({ tags: ['000001.SZ'] }) });
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.get('old', NOW)).toBeUndefined();
    expect(cache.lastGood('old', NOW)).toEqual({ entry: old, invalidated: true });
    expect(cache.get('newer', NOW)).toBeDefined();
    expect(cache.get('other', NOW)).toBeDefined();
    expect(cache.lastGood('other', NOW)).toMatchObject({ invalidated: false });
    expect(cache.latestLsn).toBe('0/5');
  });

  it('replaces an invalidated entry by a new one', () => {
    const cache = holding({ [KEY]: kept({ position: '0/1' }) });
    cache.invalidate(['600519.SH'], '0/5');
    const renewed = kept({ position: '0/5' });
    expect(cache.set(KEY, renewed, cache.begin())).toBe(true);
    expect(cache.get(KEY, NOW)).toBe(renewed);
    expect(cache.size).toBe(1);
  });

  it('refuses an answer that was requested before the event of a write arrived', () => {
    const cache = new NearCache();
    const ticket = cache.begin();
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.set(KEY, kept({ position: '0/4' }), ticket)).toBe(false);
    expect(cache.set(KEY, kept({ position: '0/5' }), ticket)).toBe(true);
  });

  it('keeps the entry that shows more when an older answer arrives late', () => {
    const newer = kept({ position: '0/5' });
    const cache = holding({ [KEY]: newer });
    expect(cache.set(KEY, kept({ position: '0/4' }), cache.begin())).toBe(false);
    expect(cache.set(KEY, kept(), cache.begin())).toBe(false);
    expect(cache.get(KEY, NOW)).toBe(newer);
  });

  it.each([
    ['its key', { keys: [KEY] }],
    ['the key it is a view of', { keys: [KEY] }, `${KEY}|v1`],
    ['its tag', { tags: ['600519.SH'] }],
  ])(
    'removes an entry after a drop of %s, and refuses answers that were requested before',
    (_what, dropped, key = KEY) => {
      const cache = holding({ [key]: kept(), other: kept({ tags: ['000001.SZ'] }) });
      const ticket = cache.begin();
      expect(cache.drop(dropped)).toBe(1);
      expect(cache.lastGood(key, NOW)).toBeUndefined();
      expect(cache.set(key, kept(), ticket)).toBe(false);
      expect(cache.set('other', kept({ tags: ['000001.SZ'] }), ticket)).toBe(true);
      expect(cache.set(key, kept(), cache.begin())).toBe(true);
    },
  );

  it('drops invalidated entries, too', () => {
    const cache = holding({ [KEY]: kept() });
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.drop({ tags: ['600519.SH'] })).toBe(1);
    expect(cache.size).toBe(0);
  });

  it('refuses an answer that was requested before everything was dropped', () => {
    const cache = holding({ other: kept() });
    const ticket = cache.begin();
    cache.clear();
    expect(cache.size).toBe(0);
    expect(cache.set(KEY, kept(), ticket)).toBe(false);
    expect(cache.set(KEY, kept(), cache.begin())).toBe(true);
  });

  it('serves a client only entries that show its own write', () => {
    const cache = holding({ [KEY]: kept({ position: '0/4' }) });
    expect(cache.get(KEY, NOW, '0/5')).toBeUndefined();
    expect(cache.get(KEY, NOW, '0/4')).toBeDefined();
    // The event of another, later write has arrived; the event of the client's own write may still be on its way.
    cache.invalidate(['000001.SZ'], '0/6');
    expect(cache.get(KEY, NOW, '0/5')).toBeUndefined();
  });

  it('counts every read by key once, and reads by URL only when they hit', () => {
    const read = (): number[] => [metrics.cacheHits.cell('l1').count, metrics.cacheMisses.cell('l1').count];
    const [hits = 0, misses = 0] = read();
    const cache = holding({ [KEY]: kept({ position: '0/1' }) });
    cache.alias('/url', KEY);
    cache.get(KEY, NOW);
    cache.getByAlias('/url', NOW);
    cache.get('absent', NOW);
    cache.get(KEY, NOW + 500);
    cache.get(KEY, NOW, '0/2');
    cache.getByAlias('/url', NOW + 500);
    cache.getByAlias('/url', NOW, undefined, () => false);
    cache.lastGood(KEY, NOW);
    expect(read()).toEqual([hits + 2, misses + 3]);
  });
});
