// Our pool against plain pg.Pool with the same number of connections: 1,000 callers that ask again as soon as they have
// their answer, one short statement each, rounds in turn (A B A B), medians of each round's own pair. Ours watches for
// leaks (it notes each borrower's stack), measures waits and sheds late work; pg.Pool does none of that.
import { PgConnector, PgPool, Pool } from '@mystocks/connection-pool';
import { startPostgres } from '@mystocks/testing';
import pg from 'pg';
import type { BenchRow } from './bench-row.ts';

const CALLERS = 1_000;
const CONNECTIONS = 20;
// Many short rounds: other work on the machine comes and goes, and then hits both of a pair.
const ROUNDS = 61;
const ROUND_MS = 250;
const TARGET = 0.95;
const STATEMENT = 'SELECT 1';

type Ask = () => Promise<unknown>;

export async function bench(): Promise<BenchRow[]> {
  const server = await startPostgres();
  const connector = new PgConnector({ url: server.ownerUrl, name: 'bench', statementTimeoutMs: 5_000 });
  const pool = new Pool(
    { name: 'bench', role: () => 'primary', server: 'bench', size: CONNECTIONS, overflow: 0 },
    connector,
  );
  const face = new PgPool(pool, 'read-only');
  const plain = new pg.Pool({
    connectionString: server.ownerUrl,
    max: CONNECTIONS,
    connectionTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: 5_000,
    query_timeout: 6_000,
  });
  const borrowing = async (): Promise<unknown> => {
    const lease = await pool.acquire();
    try {
      return await lease.connection.query(STATEMENT);
    } finally {
      lease.release();
    }
  };
  try {
    const theirs = (): Promise<unknown> => plain.query(STATEMENT);
    return [
      await compare('pool, borrow and query', borrowing, theirs),
      await compare("pool with pg.Pool's face, query", () => face.query(STATEMENT), theirs),
    ];
  } finally {
    await Promise.all([pool.end(), plain.end()]);
    await server.stop();
  }
}

async function compare(name: string, ours: Ask, theirs: Ask): Promise<BenchRow> {
  const rates: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  const costs: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  for (const ask of [ours, theirs]) await rate(ask);
  for (let round = 0; round < ROUNDS; round += 1) {
    // Who goes first alternates: the second of a pair meets the garbage of the first.
    const turn = [['ours', ours] as const, ['theirs', theirs] as const];
    for (const [side, ask] of round % 2 === 0 ? turn : turn.reverse()) {
      const { perSecond, cpuUs } = await rate(ask);
      rates[side].push(perSecond);
      costs[side].push(cpuUs);
    }
  }
  return {
    name,
    peer: 'pg.Pool',
    ours: median(rates.ours),
    theirs: median(rates.theirs),
    ratio: median(rates.ours.map((one, round) => one / (rates.theirs[round] ?? NaN))),
    unit: 'statements/s',
    target: TARGET,
    note: `${CALLERS} callers, ${CONNECTIONS} connections, ${ROUNDS} rounds; CPU ${median(costs.ours).toFixed(1)} against ${median(costs.theirs).toFixed(1)} µs a statement`,
  };
}

/** Statements a second of all callers together, and what one costs this process. */
async function rate(ask: Ask): Promise<{ readonly perSecond: number; readonly cpuUs: number }> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let asked = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      await ask();
      asked += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const { user, system } = process.cpuUsage(before);
  return { perSecond: asked / ((performance.now() - startedAt) / 1_000), cpuUs: (user + system) / asked };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
