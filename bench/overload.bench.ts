// What a pool still achieves when five times as much is asked of it as it can do: statements answered within the
// borrowers' deadline a second, against the most it answers when no borrower is one too many, in the same run. Arrivals do not
// wait for answers. A queue without shedding answers nearly every borrower too late.
import { PgConnector, Pool } from '@mystocks/connection-pool';
import { startPostgres } from '@mystocks/testing';
import type { BenchRow } from './bench-row.ts';

const CONNECTIONS = 20;
/** A statement waits 20 ms on the server and costs little CPU, so that the pool is what is short. */
const STATEMENT = 'SELECT pg_sleep(0.02)';
const DEADLINE_MS = 250;
const ROUND_MS = 2_000;
const ROUNDS = 5;
const OVERLOAD = 5;

type Lender = Awaited<ReturnType<typeof start>>['pool'];

export async function bench(): Promise<BenchRow[]> {
  const { pool, stop } = await start();
  try {
    const peaks: number[] = [];
    const goodputs: number[] = [];
    await peak(pool);
    for (let round = 0; round < ROUNDS; round += 1) {
      peaks.push(await peak(pool));
      goodputs.push(await overloaded(pool, (peaks.at(-1) ?? 0) * OVERLOAD));
    }
    return [
      {
        name: `pool under ${OVERLOAD} × the load it can carry, answers in time`,
        peer: 'its own peak',
        ours: median(goodputs),
        theirs: median(peaks),
        ratio: median(goodputs.map((goodput, round) => goodput / (peaks[round] ?? NaN))),
        unit: 'statements/s',
        target: 0.9,
        note: `${CONNECTIONS} connections, deadline ${DEADLINE_MS} ms, ${ROUNDS} rounds`,
      },
    ];
  } finally {
    await stop();
  }
}

async function start() {
  const server = await startPostgres();
  const connector = new PgConnector({ url: server.ownerUrl, name: 'bench', statementTimeoutMs: 5_000 });
  const pool = new Pool(
    { name: 'overload', role: () => 'primary', server: 'bench', size: CONNECTIONS, overflow: 0 },
    connector,
  );
  const stop = async (): Promise<void> => {
    await pool.end();
    await server.stop();
  };
  return { pool, stop };
}

/** As many borrowers as connections, each at once again: none waits, no connection idles. */
async function peak(pool: Lender): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const borrower = async (): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      const one = await ask(pool);
      done += one;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, borrower));
  return done / ((performance.now() - startedAt) / 1_000);
}

/** `rate` borrowers a second arrive, whatever becomes of those before. */
async function overloaded(pool: Lender, rate: number): Promise<number> {
  const startedAt = performance.now();
  const asked: Promise<number>[] = [];
  for (let now = startedAt; now - startedAt < ROUND_MS; now = performance.now()) {
    const due = ((now - startedAt) / 1_000) * rate;
    while (asked.length < due) asked.push(ask(pool));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const inTime = await Promise.all(asked);
  return inTime.reduce((sum, one) => sum + one, 0) / ((performance.now() - startedAt) / 1_000);
}

/** 1 when it was answered in time. */
async function ask(pool: Lender): Promise<number> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  try {
    const lease = await pool.acquire({ deadlineMs });
    try {
      await lease.connection.query(STATEMENT);
    } finally {
      lease.release();
    }
    return Date.now() <= deadlineMs ? 1 : 0;
  } catch {
    return 0;
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
