// 1,000 new bars as one JSON batch, as a client sends them: HTTP, gateway, bus, checks, transaction with its
// idempotency key, fsync, answer with 1,000 items. Against the same 1,000 bars sent one request each, in the same run.
// Not shown: a replica that has to confirm, a network between client and gateway.
import { randomUUID } from 'node:crypto';
import { tradingDays } from '@mystocks/calendar';
import { startSystem, type System } from '@mystocks/testing';
import { emptyTables, openPeer } from './bare-copy.ts';
import type { BenchRow } from './bench-row.ts';

const BARS = 1_000;
const SYMBOLS = 10;
const BATCHES = 40;
const WARM_UP = 5;
/** Requests of one bar that are under way together; more are not quicker on two cores. */
const SINGLES_AT_ONCE = 16;
const SINGLE_ROUNDS = 3;
const P95_TARGET_MS = 150;

const days = tradingDays('2020-01-01', '2020-12-31');
const bars = Array.from({ length: BARS }, (_, n) => ({
  symbol: `${600_000 + (n % SYMBOLS)}.SH`,
  date: days[Math.floor(n / SYMBOLS)],
  ...{ open: '10.01', high: '11.5', low: '9.87', close: '10.42', volume: 1_000_000 + n, amount: '10420000.5' },
}));

async function send(system: System, items: readonly object[]): Promise<void> {
  const response = await fetch(`${system.url}/api/v2/batch/bars?register=true`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${system.adminToken}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ items }),
  });
  const { summary } = (await response.json()) as { summary?: { inserted: number } };
  if (summary?.inserted !== items.length) throw new Error(`${response.status}: not every bar was inserted`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function singles(system: System): Promise<unknown> {
  const queue = bars.values();
  const work = async (): Promise<void> => {
    for (const bar of queue) await send(system, [bar]);
  };
  return Promise.all(Array.from({ length: SINGLES_AT_ONCE }, work));
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
const ordered = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

export async function bench(): Promise<BenchRow[]> {
  const system = await startSystem({ postgres: { durable: true } });
  const peer = await openPeer(system.postgres.superuserUrl);
  try {
    const [batches, alone]: [number[], number[]] = [[], []];
    for (let run = -WARM_UP; run < BATCHES; run += 1) {
      await emptyTables(peer);
      const ms = await timed(() => send(system, bars));
      if (run >= 0) batches.push(ms);
    }
    for (let round = 0; round <= SINGLE_ROUNDS; round += 1) {
      await emptyTables(peer);
      const ms = await timed(() => singles(system));
      if (round > 0) alone.push(ms);
    }
    const [p50, p95, single] = [at(ordered(batches), 0.5), at(ordered(batches), 0.95), at(ordered(alone), 0.5)];
    const figures = `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms of ${BATCHES} batches, fsync on`;
    return [
      {
        name: `${BARS} new bars in one JSON batch through gateway and bus`,
        peer: `the same bars one request each, ${SINGLES_AT_ONCE} at once`,
        ours: BARS / (p50 / 1_000),
        theirs: BARS / (single / 1_000),
        ratio: single / p50,
        unit: 'bars/s',
        target: 10,
        note: figures,
      },
      {
        name: `95th percentile of such a batch`,
        peer: `quicker than ${P95_TARGET_MS} ms`,
        ours: p95,
        theirs: P95_TARGET_MS,
        ratio: P95_TARGET_MS / p95,
        unit: 'ms',
        target: 1,
        note: figures,
      },
    ];
  } finally {
    await peer.close();
    await system.stop();
  }
}
