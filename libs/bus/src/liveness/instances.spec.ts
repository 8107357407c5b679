import { beforeEach, describe, expect, it } from '@jest/globals';
import { Instances } from './instances.js';

let instances: Instances;
beforeEach(() => {
  instances = new Instances();
});
const counts = [{ subject: 'evt.a', sent: 1 }];
const received = (publisher: string, nowMs: number, more: { last?: boolean; counts?: typeof counts } = {}): void => {
  instances.received({ service: 'market-data', publisher, counts, ...more }, nowMs);
};
const outage = (): ReturnType<Instances['partialOutageOf']> => instances.partialOutageOf('market-data');
const removeSilent = (nowMs: number, sinceMs = 0): string[] =>
  instances
    .removeSilent(nowMs, sinceMs)
    .flatMap(({ service, published }) => (published.length === 0 ? [service] : published));

describe('Instances', () => {
  it('reports an instance without a last heartbeat as lost once, and again after it came back', () => {
    received('a', 0);
    expect(removeSilent(2_000)).toEqual([]);
    expect(removeSilent(2_001)).toEqual(['evt.a']);
    expect(removeSilent(9_000)).toEqual([]);
    received('a', 10_000);
    expect(removeSilent(12_001)).toEqual(['evt.a']);
  });

  it('does not report an instance that sent a last heartbeat', () => {
    received('a', 0);
    received('a', 500, { last: true });
    expect(removeSilent(60_000)).toEqual([]);
  });

  it('reports a lost instance that never published an event: it may have died before its first', () => {
    received('a', 0, { counts: [] });
    expect(instances.removeSilent(2_001, 0)).toEqual([{ service: 'market-data', published: [] }]);
  });

  it('counts silence only from when heartbeats could arrive', () => {
    received('a', 0);
    received('b', 9_000, { counts: [{ subject: 'evt.b', sent: 1 }] });
    expect(removeSilent(10_000, 9_500)).toEqual([]);
    expect(removeSilent(11_501, 9_500)).toEqual(['evt.a', 'evt.b']);
  });

  it('returns the healthy instances and the missing share while some instances of a service are missing', () => {
    for (const publisher of ['a', 'b', 'c']) received(publisher, 0);
    expect(outage()).toBeUndefined();
    received('a', 2_000);
    received('b', 2_000);
    removeSilent(2_001);
    expect(outage()).toEqual({ healthy: ['a', 'b'], missingShare: 1 / 3 });
    // Worked out once: the budget of those who ask hangs on it.
    received('a', 2_050);
    expect(instances.partialOutageOf('market-data')).toBe(instances.partialOutageOf('market-data'));
    expect(instances.partialOutageOf('cache')).toBeUndefined();
    // A new one takes part of the calls, one that signs off none.
    received('d', 2_100);
    expect(outage()).toEqual({ healthy: ['b', 'a', 'd'], missingShare: 1 / 4 });
    received('b', 2_200, { last: true });
    expect(outage()).toEqual({ healthy: ['a', 'd'], missingShare: 1 / 3 });
    received('c', 2_300);
    expect(outage()).toBeUndefined();
  });

  it('returns no partial outage when no instance is healthy or when the missing one is gone', () => {
    received('a', 0);
    removeSilent(2_001);
    expect(outage()).toBeUndefined();
    received('b', 60_000);
    removeSilent(60_001);
    expect([...instances.missing]).toEqual(['a']);
    expect(outage()).toEqual({ healthy: ['b'], missingShare: 1 / 2 });
    instances.gone('a');
    expect([...instances.missing]).toEqual([]);
    expect(outage()).toBeUndefined();
  });

  it('remembers a bounded number of healthy and of missing instances', () => {
    const few = new Instances(2);
    for (const publisher of ['a', 'b', 'c'])
      few.received({ service: 's', publisher, counts: [{ subject: `evt.${publisher}`, sent: 1 }] }, 0);
    expect(few.removeSilent(5_000, 0).flatMap(({ published }) => published)).toEqual(['evt.b', 'evt.c']);
    few.received({ service: 's', publisher: 'd', counts: [] }, 5_000);
    few.removeSilent(8_000, 0);
    expect([...few.missing]).toEqual(['c', 'd']);
  });
});
