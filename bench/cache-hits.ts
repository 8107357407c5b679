import { startRedis } from '@mystocks/testing';
import { NearCache, type Entry } from '@mystocks/tiered-cache';
import { bentostore, BentoCache } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { BenchRow } from './bench-row.ts';

const ENTRIES_MAX = 10_000;
/** Half of what fits: every read is a hit everywhere. */
const KEYS = 5_000;
const READS = 200_000;
const ROUNDS = 9;
/** One key in ten holds 250 bars, the others a quote. */
const BYTES = [33_000, ...Array<number>(9).fill(170)];
const TTL_MS = 3_600_000;

/** Reads some keys one after another, as its users would; says how many were there. */
type Reader = (keys: readonly string[]) => number | Promise<number>;
/** `url`: the first tier as the gateway's hot path asks it. */
type Side = 'near' | 'url' | 'bento' | 'lru';

/**
 * A hit in the first tier. Not shown: what reading the answer costs then, and what a miss costs. bentocache keeps the
 * objects themselves (`serialize: false`, its fastest way), without metrics.
 */
export async function hitRows(): Promise<BenchRow[]> {
  const redis = await startRedis();
  const bento = new BentoCache({
    default: 'answers',
    stores: {
      answers: bentostore()
        .useL1Layer(memoryDriver({ maxItems: ENTRIES_MAX, serialize: false }))
        .useL2Layer(redisDriver({ connection: { host: '127.0.0.1', port: redis.port } })),
    },
  });
  try {
    const keys = Array.from({ length: KEYS }, (_, at) => createHash('sha256').update(String(at)).digest('base64url'));
    const readers = await fill(bento, keys);
    return [...(await paceRows(readers, keys)), ...(await tailRows(readers, keys))];
  } finally {
    await bento.disconnect();
    await redis.stop();
  }
}

interface Lru {
  get(key: string): Entry | undefined;
  set(key: string, kept: Entry): unknown;
}

async function fill(
  bento: Pick<BentoCache<never>, 'get' | 'set'>,
  keys: readonly string[],
): Promise<Record<Side, Reader>> {
  const near = new NearCache();
  // The one that the library uses; another version lies at the root.
  const { LRUCache } = createRequire(import.meta.resolve('@mystocks/tiered-cache'))('lru-cache') as {
    LRUCache: new (options: { max: number }) => Lru;
  };
  const lru = new LRUCache({ max: ENTRIES_MAX });
  for (const [at, key] of keys.entries()) {
    const kept = entryOf(BYTES[at % BYTES.length] ?? 0);
    near.set(key, kept, near.begin());
    near.alias(key, key);
    lru.set(key, kept);
    await bento.set({ key, value: kept, ttl: TTL_MS });
  }
  return {
    near: (asked) => {
      let hits = 0;
      for (const key of asked) if (near.get(key, Date.now()) !== undefined) hits += 1;
      return hits;
    },
    url: (asked) => {
      let hits = 0;
      for (const key of asked) if (near.getByAlias(key, Date.now()) !== undefined) hits += 1;
      return hits;
    },
    lru: (asked) => {
      let hits = 0;
      for (const key of asked) if (lru.get(key) !== undefined) hits += 1;
      return hits;
    },
    bento: async (asked) => {
      let hits = 0;
      for (const key of asked) if ((await bento.get({ key })) !== undefined) hits += 1;
      return hits;
    },
  };
}

function entryOf(bytes: number): Entry {
  const nowMs = Date.now();
  const answer = {
    body: Buffer.alloc(bytes, 'x'),
    etag: '"e"',
    tags: ['600519.SH'],
    ttl_ms: TTL_MS,
    built_at_ms: nowMs,
  };
  return { answer, expiresAtMs: nowMs + TTL_MS, graceUntilMs: nowMs + 2 * TTL_MS, position: undefined };
}

async function paceRows(readers: Record<Side, Reader>, keys: readonly string[]): Promise<BenchRow[]> {
  const asked = picks(keys, READS);
  const figures: Record<Side, number[]> = { near: [], url: [], bento: [], lru: [] };
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const side of ['near', 'url', 'bento', 'lru'] as const) {
      const startedMs = performance.now();
      const hits = await readers[side](asked);
      const ns = ((performance.now() - startedMs) * 1e6) / asked.length;
      if (hits !== asked.length) throw new Error(`${side} answered ${hits} of ${asked.length}`);
      // The first round warms up.
      if (round >= 0) figures[side].push(ns);
    }
  }
  const row = (peer: Side, name: string, target: number, note: string): BenchRow => ({
    name: 'L1 hit, metrics on',
    peer: name,
    ours: median(figures.near),
    theirs: median(figures[peer]),
    ratio: median(figures.near.map((ns, round) => (figures[peer][round] ?? NaN) / ns)),
    unit: 'ns a hit',
    target,
    note,
  });
  const about = `${KEYS} keys, quotes of 170 B and one in ten 250 bars of 33 KB, ${ROUNDS} rounds`;
  return [
    row(
      'bento',
      'bentocache (memory + Redis), no metrics',
      2,
      `${about}; by URL ${median(figures.url).toFixed(0)} ns; promised: at most 1,000 ns`,
    ),
    row('lru', 'plain lru-cache 11: no metrics, no expiry, no fences', 0.25, about),
  ];
}

/** Single hits by the clock: what reading the clock costs is part of both. */
async function tailRows(readers: Record<Side, Reader>, keys: readonly string[]): Promise<BenchRow[]> {
  const figures: Record<'near' | 'bento', number[][]> = { near: [], bento: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['near', 'bento'] as const) {
      const times: number[] = [];
      for (const key of picks(keys, READS / 10)) {
        const one = [key];
        const started = process.hrtime.bigint();
        const done = readers[side](one);
        if (typeof done !== 'number') await done;
        times.push(Number(process.hrtime.bigint() - started) / 1_000);
      }
      figures[side].push(times.sort((a, b) => a - b));
    }
  }
  const at = (side: 'near' | 'bento', part: number): number[] =>
    figures[side].map((times) => times[Math.floor(times.length * part)] ?? NaN);
  const [ours, theirs] = [at('near', 0.99), at('bento', 0.99)];
  return [
    {
      name: 'L1 hit, metrics on, p99',
      peer: 'bentocache (memory + Redis), no metrics',
      ours: median(ours),
      theirs: median(theirs),
      ratio: median(ours.map((us, round) => (theirs[round] ?? NaN) / us)),
      unit: 'µs',
      target: 2,
      note: `p99.9 ${median(at('near', 0.999)).toFixed(1)} against ${median(at('bento', 0.999)).toFixed(1)} µs; promised: p99 below 50 µs`,
    },
  ];
}

/** Keys in an order in which the first ones come most often. */
const picks = (keys: readonly string[], count: number): string[] =>
  Array.from({ length: count }, () => keys[Math.floor(Math.random() ** 3 * keys.length)] ?? '');

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
