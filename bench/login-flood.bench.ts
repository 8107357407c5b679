// What a flood of logins does to all others. One address sends 200 logins at a time for some seconds; six people log
// in from addresses of their own, and bars are read from the cache all the while. The latency of those reads is compared
// with that of the same reads without a flood, in the same run.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { AddressedClient, type PostAnswer } from '@mystocks/testing';
import { send, startLoadedSystem, type LoadedSystem } from '../tools/load/loaded-system.ts';
import type { BenchRow } from './bench-row.ts';

const FLOOD = 200;
const ROUND_MS = 5_000;
const ROUNDS = 3;
const PEOPLE = 6;
const IN_TIME_MS = 2_000;
const READERS = 4;
const READ_EVERY_MS = 20;
const COST = '12';
const PASSWORD = 'lunch tractor velvet 9';
const READ = '/api/v2/stocks/600519.SH/bars?limit=20';

interface Round {
  readonly calmP99: number;
  readonly floodP99: number;
  /** One login without a flood. */
  readonly calmLoginMs: number;
  readonly honest: readonly PostAnswer[];
  readonly flood: readonly Refusal[];
}

type Refusal = Pick<PostAnswer, 'status' | 'retryAfter'>;

export async function bench(): Promise<BenchRow[]> {
  const system = await startLoadedSystem({
    maxConnections: 100,
    fleetBudget: 80,
    replicas: 0,
    instances: 1,
    bcryptCost: COST,
  });
  try {
    await furnish(system);
    await reads(system, 1_000);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await oneRound(system));
    return rowsOf(rounds, await eventLoopDelays(system));
  } finally {
    await system.stop();
  }
}

async function furnish({ url, adminToken }: LoadedSystem): Promise<void> {
  await send(url, '/api/v2/batch/symbols', 'code,exchange,name\n600519,SSE,Bench\n', adminToken);
  const bars = 'code,exchange,date,open,high,low,close,volume\n600519,SSE,2024-01-02,10,11,9,10,100\n';
  await send(url, '/api/v2/batch/bars', bars, adminToken);
  for (let person = 0; person < PEOPLE; person += 1)
    await send(url, '/api/v2/auth/register', { username: `person-${String(person)}`, password: PASSWORD });
}

async function oneRound(system: LoadedSystem): Promise<Round> {
  const calmP99 = p99(await reads(system, ROUND_MS));
  const people = Array.from(
    { length: PEOPLE },
    (_, at) => new AddressedClient(system.url, `127.0.0.${String(at + 2)}`),
  );
  const [first] = people;
  const calmLogin = first === undefined ? undefined : await login(first, 'person-0');
  const flood = flooded(system);
  const honest = sleep(500).then(() => Promise.all(people.map((client, at) => login(client, `person-${String(at)}`))));
  const floodP99 = p99(await reads(system, ROUND_MS));
  const round = { calmP99, floodP99, calmLoginMs: calmLogin?.ms ?? NaN, honest: await honest, flood: await flood };
  for (const client of people) client.close();
  return round;
}

/** 200 logins at once, twice a second. */
async function flooded({ url }: LoadedSystem): Promise<Refusal[]> {
  const child = fork(join(import.meta.dirname, 'login-flooder.ts'), [url, String(FLOOD), String(ROUND_MS)]);
  const [answers] = (await once(child, 'message')) as [Refusal[]];
  return answers;
}

const login = (client: AddressedClient, username: string): Promise<PostAnswer> =>
  client.post('/api/v2/auth/token', { grant_type: 'password', username, password: PASSWORD });

/** Milliseconds of each read of an answer that the gateway has at hand. */
async function reads({ url, adminToken }: LoadedSystem, forMs: number): Promise<number[]> {
  const times: number[] = [];
  const headers = { authorization: `Bearer ${adminToken}` };
  const endsAt = performance.now() + forMs;
  const reader = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const startedAt = performance.now();
      const response = await fetch(`${url}${READ}`, { headers });
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`a read was answered ${String(response.status)}`);
      times.push(performance.now() - startedAt);
      await sleep(READ_EVERY_MS);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return times;
}

/** 99th percentile of the event loop delay of a service since it started, milliseconds. */
async function eventLoopDelays({ services }: LoadedSystem): Promise<string> {
  const wanted = services.filter(({ name }) => name === 'auth' || name === 'gateway');
  const told = await Promise.all(
    wanted.map(async ({ name, service }) => {
      const text = await (await fetch(`${service.managementUrl}/metrics`)).text();
      const seconds = Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]);
      return `${name} ${(seconds * 1_000).toFixed(0)} ms`;
    }),
  );
  return told.join(', ');
}

function rowsOf(rounds: readonly Round[], eventLoops: string): BenchRow[] {
  const honest = rounds.flatMap((round) => round.honest);
  const inTime = honest.filter(({ status, ms }) => status === 200 && ms <= IN_TIME_MS).length;
  const flood = rounds.flatMap((round) => round.flood);
  const counts = new Map<number, number>();
  for (const { status } of [...flood, ...honest]) counts.set(status, (counts.get(status) ?? 0) + 1);
  const statuses = [...counts].sort().map(([status, count]) => `${String(count)} × ${String(status)}`);
  const calmLoginMs = median(rounds.map((round) => round.calmLoginMs));
  const slowest = Math.max(...honest.map(({ ms }) => ms));
  const decent = flood.filter(({ status, retryAfter }) => status === 401 || retryAfter !== undefined).length;
  return [
    {
      name: `Cached reads while one address floods with ${String(FLOOD)} logins at a time, p99`,
      peer: 'the same reads without a flood',
      ours: median(rounds.map(({ floodP99 }) => floodP99)),
      theirs: median(rounds.map(({ calmP99 }) => calmP99)),
      ratio: median(rounds.map(({ floodP99, calmP99 }) => calmP99 / floodP99)),
      unit: 'ms',
      target: 0.5,
      note: `99th percentile of the event loop delay, 10 ms of it the interval of the measurement: ${eventLoops}`,
    },
    {
      name: `Logins from ${String(PEOPLE)} other addresses meanwhile, answered with 200 within ${String(IN_TIME_MS / 1_000)} s`,
      peer: 'all of them',
      ours: inTime,
      theirs: honest.length,
      ratio: inTime / honest.length,
      unit: 'logins',
      target: 1,
      note: `slowest ${slowest.toFixed(0)} ms, one without a flood ${calmLoginMs.toFixed(0)} ms; all answers: ${statuses.join(', ')}`,
    },
    {
      name: 'Logins of the flood that were served, or refused with a Retry-After and no 504',
      peer: 'all of them',
      ours: counts.has(504) ? 0 : decent,
      theirs: flood.length,
      ratio: counts.has(504) ? 0 : decent / flood.length,
      unit: 'logins',
      target: 1,
    },
  ];
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
