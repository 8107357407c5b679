// What replicas give reads, and what it costs that none of them is stale: the same reads on the primary alone and with one
// and two replicas beside it, in turn, in the same run.
//
// Two cores cannot show more throughput: all servers, and this process, share them. So the first rows say what routing
// costs: reads that name their position (nearly all of the system's: the gateway passes the newest it knows) cost
// nothing more, others a round trip to the primary, which is long where processes queue for a core. Reads that wait
// instead of computing (5 ms, as for a disk) show that the servers' connections add up. Not shown: replicas on machines
// of their own, a network.
import { PostgresPool } from '@mystocks/connection-pool';
import { startPostgres, waitFor, type PostgresServer } from '@mystocks/testing';
import { median } from './bare-copy.ts';
import type { BenchRow } from './bench-row.ts';

const CONNECTIONS = 4;
const CALLERS = 24;
const ROUNDS = 5;
const ROUND_MS = 700;
const SYMBOLS = 500;

const table = `CREATE TABLE market_data.days AS SELECT symbol, '2020-01-01'::date + day AS day, day * 0.5 AS close
  FROM generate_series(1, ${SYMBOLS}) AS symbol, generate_series(1, 250) AS day`;
const key = 'ALTER TABLE market_data.days ADD PRIMARY KEY (symbol, day)';
const page = {
  name: 'page',
  text: 'SELECT json_agg(json_build_array(day, close) ORDER BY day) AS bars FROM market_data.days WHERE symbol = $1',
};
const wait = { name: 'wait', text: 'SELECT pg_sleep(0.005)' };

function open(server: PostgresServer, replicas: number): PostgresPool {
  return new PostgresPool({
    name: `bench-${replicas}`,
    url: server.ownerUrl,
    replicaUrls: server.replicas
      .slice(0, replicas)
      .map(({ ownerUrl }) => ownerUrl)
      .join(','),
    size: CONNECTIONS,
    overflow: 0,
    statementTimeoutMs: 5_000,
  });
}

/** Reads answered in a second. */
async function rate(read: (turn: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  let answered = 0;
  const call = async (): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      await read(answered);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  return (answered * 1_000) / (performance.now() - startedAt);
}

export async function bench(): Promise<BenchRow[]> {
  const server = await startPostgres({ replicas: 2 });
  const pools = [open(server, 0), open(server, 1), open(server, 2)] as const;
  try {
    const after = await fill(pools[0]);
    const near = (): boolean =>
      pools.every((pool) => pool.servers().every(({ role, lagS = 9 }) => role === 'primary' || lagS < 0.5));
    await waitFor(near, { timeoutMs: 15_000 });
    const kinds = [
      { what: 'pages of 250 bars, position named', targets: [0.7, 0.7], options: { after }, statement: page },
      { what: 'pages of 250 bars, position asked for', targets: [0.3, 0.5], options: {}, statement: page },
      { what: 'reads that wait 5 ms, position named', targets: [0.8, 1.7], options: { after }, statement: wait },
    ].map((kind) => ({ ...kind, rates: pools.map((): number[] => []) }));
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const { options, statement, rates } of kinds) {
        for (const [index, pool] of pools.entries()) {
          const values = (turn: number): number[] => (statement === page ? [(turn % SYMBOLS) + 1] : []);
          const measured = await rate((turn) => pool.query({ ...statement, values: values(turn) }, options));
          // The first round opens connections and warms caches.
          if (round > 0) rates[index]?.push(measured);
        }
      }
    }
    return kinds.flatMap(({ what, rates, targets }) => rows(what, rates, targets));
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
    await server.stop();
  }
}

async function fill(pool: PostgresPool): Promise<string> {
  const { lsn } = await pool.write(async (client) => {
    await client.query(table);
    await client.query(key);
  });
  return lsn;
}

function rows(what: string, rates: readonly (readonly number[])[], targets: readonly number[]): BenchRow[] {
  const [primary = Number.NaN, ...replicas] = rates.map(median);
  return replicas.map((ours, index) => ({
    name: `${what}: ${index + 1} replica${index === 0 ? '' : 's'}`,
    peer: 'the primary alone',
    ours,
    theirs: primary,
    ratio: ours / primary,
    unit: 'reads/s',
    target: targets[index] ?? 1,
    note: `${CONNECTIONS} connections to each server, ${CALLERS} callers, median of ${ROUNDS} rounds; all servers share this machine's cores`,
  }));
}
