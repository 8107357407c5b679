import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import { UsesService } from './uses.service.js';
import type { Use } from './warm-up-runs.repository.js';

let nowMs: number;
let isAway: boolean;
let unused: Map<string, number>;
let noted: Use[];
let hit: (key: string) => void;
let uses: UsesService;
beforeEach(() => {
  [nowMs, isAway, unused, noted, hit] = [1_000, false, new Map(), [], () => undefined];
  const runs = {
    unused: () => (isAway ? Promise.reject(new Failure('unavailable', 'no database')) : Promise.resolve(unused)),
    noteUses: (some: readonly Use[]) => {
      noted.push(...some);
      for (const { key } of some) unused.delete(key);
      return Promise.resolve();
    },
    latest: () => Promise.resolve([]),
  };
  const answers = { onHit: (listener: (key: string) => void) => void (hit = listener) };
  uses = new UsesService(answers, runs, { now: () => nowMs });
  uses.onModuleInit();
});
afterEach(() => uses.onModuleDestroy());

describe('uses of what was loaded', () => {
  it('uses of what was loaded are the reads of loaded keys, each told once, and of no other', async () => {
    unused.set('warm', 500).set('cold', 500);
    for (const key of ['warm', 'warm', 'other']) hit(key);
    await uses.note();
    hit('warm');
    await uses.note();
    expect(noted).toEqual([{ key: 'warm', readAtMs: 1_000 }]);
  });

  it('uses of what was loaded are not the reads before it was loaded', async () => {
    hit('warm');
    unused.set('warm', 1_001);
    await uses.note();
    expect(noted).toEqual([]);
  });

  it('uses of what was loaded are found when the run told a moment later what it had loaded', async () => {
    hit('warm');
    await uses.note();
    unused.set('warm', 900);
    await uses.note();
    expect(noted).toEqual([{ key: 'warm', readAtMs: 1_000 }]);
  });

  it('uses of what was loaded wait for a database that is away', async () => {
    unused.set('warm', 500);
    isAway = true;
    hit('warm');
    for (let round = 0; round < 5; round += 1) await uses.note();
    isAway = false;
    await uses.note();
    expect(noted).toEqual([{ key: 'warm', readAtMs: 1_000 }]);
  });
});
