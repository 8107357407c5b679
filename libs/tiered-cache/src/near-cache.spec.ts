import { describe, expect, it } from '@jest/globals';
import type { Kept } from './kept.js';
import { NearCache } from './near-cache.js';
import { keptWith } from './tier.conformance.js';

const NOW = 1_000;
const fresh = (overrides: Partial<Kept> = {}): Kept => ({
  ...keptWith({ tags: ['600519.SH'] }),
  expiresAtMs: NOW + 500,
  ...overrides,
});

describe('NearCache', () => {
  it('keeps an answer until it expires', () => {
    const cache = new NearCache();
    const kept = fresh();
    expect(cache.set('key', kept)).toBe(true);
    expect(cache.get('key', NOW)).toBe(kept);
    expect(cache.get('key', NOW + 500)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('finds an answer by the URL that asked for it', () => {
    const cache = new NearCache();
    cache.set('key', fresh());
    cache.alias('/api/v2/bars/600519', 'key');
    expect(cache.getByAlias('/api/v2/bars/600519', NOW)).toBeDefined();
    expect(cache.getByAlias('/api/v2/bars/600518', NOW)).toBeUndefined();
    cache.invalidate(['600519.SH'], '0/2');
    expect(cache.getByAlias('/api/v2/bars/600519', NOW)).toBeUndefined();
  });

  it('does not remember endless URLs', () => {
    const cache = new NearCache();
    cache.set('key', fresh());
    cache.alias(`/${'x'.repeat(2_000)}`, 'key');
    expect(cache.getByAlias(`/${'x'.repeat(2_000)}`, NOW)).toBeUndefined();
  });

  it('drops what a write made old, and nothing else', () => {
    const cache = new NearCache();
    cache.set('old', fresh({ after: '0/1' }));
    cache.set('newer', fresh({ after: '0/9' }));
    cache.set('other', fresh({ answer: keptWith({ tags: ['000001.SZ'] }).answer }));
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.get('old', NOW)).toBeUndefined();
    expect(cache.get('newer', NOW)).toBeDefined();
    expect(cache.get('other', NOW)).toBeDefined();
    expect(cache.latestLsn).toBe('0/5');
  });

  it('refuses an answer that was under way when the write was announced', () => {
    const cache = new NearCache();
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.set('key', fresh({ after: '0/4' }))).toBe(false);
    expect(cache.set('key', fresh({ after: '0/5' }))).toBe(true);
  });

  it('refuses an answer that was under way when everything was dropped', () => {
    const cache = new NearCache();
    const { generation } = cache;
    cache.clear();
    expect(cache.set('key', fresh(), generation)).toBe(false);
    expect(cache.set('key', fresh(), cache.generation)).toBe(true);
  });

  it('shows a client its own write', () => {
    const cache = new NearCache();
    cache.set('key', fresh({ after: '0/4' }));
    expect(cache.get('key', NOW, '0/5')).toBeUndefined();
    expect(cache.get('key', NOW, '0/4')).toBeDefined();
    // The news of another write, which was later: that of the client's own may still be on its way.
    cache.invalidate(['000001.SZ'], '0/6');
    expect(cache.get('key', NOW, '0/5')).toBeUndefined();
  });

  it('stays within its bounds, and forgets the tags of what fell out', () => {
    const cache = new NearCache({ entriesMax: 3, bytesMax: 10_000 });
    for (let index = 0; index < 10; index += 1) cache.set(`key-${index}`, fresh());
    expect(cache.size).toBe(3);
    cache.set('huge', { ...fresh(), answer: { ...fresh().answer, body: Buffer.alloc(20_000) } });
    expect(cache.get('huge', NOW)).toBeUndefined();
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.size).toBe(0);
  });

  it('replaces an entry without losing its place in the tag index', () => {
    const cache = new NearCache();
    cache.set('key', fresh());
    cache.set('key', fresh());
    cache.invalidate(['600519.SH'], '0/5');
    expect(cache.get('key', NOW)).toBeUndefined();
  });
});
