import { describe, expect, it } from '@jest/globals';
import type { Answer } from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import fc from 'fast-check';
import { NearCache } from './near-cache.js';

const TAGS = ['a', 'b', 'c'];
const lsn = (position: number): Lsn => `0/${position.toString(16).toUpperCase()}`;
const answerOf = (tag: string, version: number): Answer => ({
  body: Buffer.from(String(version)),
  etag: `"${version}"`,
  tags: [tag],
  ttl_ms: 60_000,
  built_at_ms: 1,
});

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('write' as const, 'read' as const), tag: fc.constantFrom(...TAGS) }),
  fc.record({ kind: fc.constant('forged' as const), tag: fc.constantFrom(...TAGS), ahead: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('confirmed' as const), tag: fc.constant('') }),
);

/** A store whose writes are announced, and the cache in front of it, with events that name positions beyond the log. */
class Market {
  readonly cache = new NearCache();
  readonly versions = new Map<string, number>();
  log = 1;
  isForged = false;

  write(tag: string): void {
    this.log += 1;
    this.versions.set(tag, this.log);
    this.cache.invalidate([tag], lsn(this.log));
  }

  /** What a reader is given, and whether the cache had it. */
  read(tag: string): { readonly version: number; readonly isHit: boolean } {
    const kept = this.cache.get(tag, 0);
    if (kept !== undefined) return { version: Number(kept.answer.body.toString()), isHit: true };
    const version = this.versions.get(tag) ?? 0;
    const after = this.cache.latestLsn;
    const entry = { answer: answerOf(tag, version), expiresAtMs: 1, graceUntilMs: 9, position: after };
    this.cache.set(tag, entry, this.cache.begin());
    return { version, isHit: false };
  }

  confirm(): void {
    const latest = this.cache.latestLsn;
    if (latest !== undefined && compareLsn(latest, lsn(this.log)) > 0) this.cache.setBackTo(lsn(this.log));
    this.isForged = false;
  }
}

describe('a cache whose positions are set back to the end of the log', () => {
  it('serves no stale entry as fresh from then on, and stores entries again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const market = new Market();
        for (const one of steps) {
          if (one.kind === 'write') market.write(one.tag);
          else if (one.kind === 'confirmed') market.confirm();
          else if (one.kind === 'forged') {
            market.cache.invalidate([one.tag], lsn(market.log + 1 + one.ahead));
            market.isForged = true;
          } else {
            const { version } = market.read(one.tag);
            // Only between a forged event and its confirmation, a quarter of a second, may the cache be misled.
            if (!market.isForged) expect(version).toBe(market.versions.get(one.tag) ?? 0);
          }
        }
        market.confirm();
        for (const tag of TAGS) {
          market.write(tag);
          market.read(tag);
          expect(market.read(tag)).toEqual({ version: market.versions.get(tag), isHit: true });
        }
      }),
    );
  });

  it('drops entries at a false position, and keeps the others as last good answers', () => {
    const cache = new NearCache();
    const entry = (after: Lsn) => ({ answer: answerOf('a', 1), expiresAtMs: 10, graceUntilMs: 20, position: after });
    cache.set('honest', entry('0/5'), cache.begin());
    cache.set('misled', entry('0/7'), cache.begin());
    cache.setBackTo('0/6');
    expect([cache.get('honest', 0), cache.get('misled', 0)]).toEqual([undefined, undefined]);
    expect(cache.lastGood('honest', 0)).toMatchObject({ invalidated: true });
    expect(cache.lastGood('misled', 0)).toBeUndefined();
  });
});
