// What one user who subscribes as fast as the limit of messages allows does to all others: 20 sockets, each with 18
// subscribes a second of 200 channels, once of symbols that do not exist and once of bars. Meanwhile another user's sockets
// are pinged and bars are read over HTTP past the caches; the same is measured without a flood in the same run.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { login } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv } from '../test/system/requests.ts';
import type { BenchRow } from './bench-row.ts';
import type { FloodOptions, FloodReport } from './sockets-flooder.ts';

const ROUND_MS = 10_000;
/** Others' sockets; together they are pinged 50 times a second. */
const PINGED = 5;
const PING_EVERY_MS = 20;
/** One read for so many pings. */
const PINGS_A_READ = 3;
/** A read that is refused counts as if it had taken so long. */
const REFUSED_MS = 5_000;
const SYMBOLS = Array.from({ length: 200 }, (_, index) => `${600_000 + index}.SH`);
const PING_MAX_MS = 100;
const LOOP_MAX_MS = 20;
const GROWTH_MAX_MB = 100;
const PASSWORD = 'lunch tractor velvet 9';

interface Round {
  readonly pingP99: number;
  readonly readP99: number;
  readonly loopP99: number;
  readonly rssMb: number;
  /** Processor time of realtime, in cores. */
  readonly cores: number;
}

export async function bench(): Promise<BenchRow[]> {
  const system = await startSystem();
  try {
    await furnish(system);
    const tokens = [
      await userOf(system, 'flooder-1'),
      await userOf(system, 'flooder-2'),
      await userOf(system, 'other'),
    ];
    const sockets = Array.from({ length: PINGED }, () =>
      io(`${system.services.realtime.url}/market`, { auth: { token: tokens[2] }, transports: ['websocket'] }),
    );
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('connect', () => resolve(undefined)))),
    );
    await measured(system, sockets, 2_000);
    const calm = await measured(system, sockets);
    const rows: BenchRow[] = [];
    for (const [name, symbols, token] of [
      ['unknown symbols', undefined, tokens[0]],
      ['bars', SYMBOLS, tokens[1]],
    ] as const) {
      const url = system.services.realtime.url.replace('http', 'ws');
      const { round, report } = await flooded(system, sockets, { url, token: token ?? '', symbols });
      rows.push(...rowsOf(name, [calm, round], report));
    }
    for (const socket of sockets) socket.disconnect();
    return rows;
  } finally {
    await system.stop();
  }
}

function rowsOf(name: string, [calm, flood]: readonly [Round, Round], report: FloodReport): BenchRow[] {
  const within = (what: string, [ours, theirs, unit]: readonly [number, number, string], note: string): BenchRow => ({
    ...{ name: `flood of ${name}: ${what}`, peer: 'the most that is promised', ours, theirs, unit, note },
    ...{ ratio: theirs / ours, target: 1 },
  });
  const { sent, granted, refused, closed } = report;
  const done = `${sent} messages of 200 channels, ${granted} granted, ${refused} refused, ${closed} sockets closed`;
  const loopNote = `without a flood ${calm.loopP99.toFixed(1)}; processor ${flood.cores.toFixed(2)} cores, without ${calm.cores.toFixed(2)}`;
  return [
    within(
      'ping of other sockets, p99',
      [flood.pingP99, PING_MAX_MS, 'ms'],
      `without a flood ${calm.pingP99.toFixed(1)}; ${done}`,
    ),
    {
      ...{ name: `flood of ${name}: uncached reads over HTTP, p99`, peer: 'the same without a flood' },
      ...{ ours: flood.readP99, theirs: calm.readP99, ratio: calm.readP99 / flood.readP99, unit: 'ms', target: 0.5 },
    },
    within('event loop delay of realtime, p99', [flood.loopP99, LOOP_MAX_MS, 'ms'], loopNote),
    within(
      'growth of realtime',
      [Math.max(1, flood.rssMb - calm.rssMb), GROWTH_MAX_MB, 'MB'],
      `from ${calm.rssMb.toFixed(0)}`,
    ),
  ];
}

async function furnish({ url, adminToken }: System): Promise<void> {
  const lines = (line: (code: string) => string): string => SYMBOLS.map((symbol) => line(symbol.slice(0, 6))).join('');
  await postCsv(
    url,
    '/api/v2/batch/symbols',
    `code,exchange,name\n${lines((code) => `${code},SSE,Bench\n`)}`,
    adminToken,
  );
  const header = 'open,high,low,close,volume';
  const days = Array.from({ length: 20 }, (_, day) => `2024-04-${String(day + 8).padStart(2, '0')}`).filter(
    (day) => ![0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay()),
  );
  const daily = days.map((day) => lines((code) => `${code},SSE,${day},10,11,9,10,100\n`)).join('');
  await postCsv(url, '/api/v2/batch/bars', `code,exchange,date,${header}\n${daily}`, adminToken);
  const minutes = Array.from({ length: 120 }, (_, minute) => new Date((9 * 60 + 31 + minute) * 60_000));
  const ends = minutes.map((minute) => minute.toISOString().slice(11, 16));
  const bars = ends.map((end) => lines((code) => `${code},SSE,2024-04-26,${end},10,11,9,10,100\n`)).join('');
  const path = '/api/v2/batch/bars?timeframe=1Min';
  await postCsv(url, path, `code,exchange,date,time,${header}\n${bars}`, adminToken);
}

async function userOf({ url }: System, username: string): Promise<string> {
  await post(url, '/api/v2/auth/register', { username, password: PASSWORD });
  return login(url, { username, password: PASSWORD });
}

async function flooded(
  system: System,
  sockets: readonly Socket[],
  workerData: FloodOptions,
): Promise<{ round: Round; report: FloodReport }> {
  const worker = new Worker(new URL('./sockets-flooder.ts', import.meta.url), { workerData });
  await sleep(500);
  const round = await measured(system, sockets);
  worker.postMessage('stop');
  const [report] = (await once(worker, 'message')) as [FloodReport];
  await worker.terminate();
  return { round, report };
}

let reads = 0;

/** Pings and reads at a fixed pace, whatever becomes of those before. */
async function measured(system: System, sockets: readonly Socket[], roundMs = ROUND_MS): Promise<Round> {
  const { managementUrl } = system.services.realtime;
  const before = await metricsOf(managementUrl);
  const pings: Promise<number>[] = [];
  const answers: Promise<number>[] = [];
  const startedAt = performance.now();
  for (let tick = 0; performance.now() - startedAt < roundMs; tick += 1) {
    const socket = sockets[tick % sockets.length];
    if (socket !== undefined) pings.push(timed(() => socket.timeout(30_000).emitWithAck('ping', {})));
    if (tick % PINGS_A_READ === 0) answers.push(read(system));
    await sleep(Math.max(0, startedAt + (tick + 1) * PING_EVERY_MS - performance.now()));
  }
  const [pingMs, readMs] = [await Promise.all(pings), await Promise.all(answers)];
  const seconds = (performance.now() - startedAt) / 1_000;
  const text = await metricsOf(managementUrl);
  const cpu = (of: string): number => valueOf(of, 'process_cpu_seconds_total');
  return {
    pingP99: p99(pingMs),
    readP99: p99(readMs),
    loopP99: valueOf(text, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    rssMb: valueOf(text, 'process_resident_memory_bytes') / 1e6,
    cores: (cpu(text) - cpu(before)) / seconds,
  };
}

/** No two reads are the same, so none is answered from a cache. */
async function read({ url, adminToken }: System): Promise<number> {
  reads += 1;
  const symbol = SYMBOLS[reads % SYMBOLS.length] ?? '';
  const end = new Date(Date.UTC(2024, 4, 1) + reads * 1_000).toISOString();
  const startedAt = performance.now();
  const { status } = await get(url, `/api/v2/stocks/${symbol}/bars?timeframe=5Min&limit=20&end=${end}`, adminToken);
  return status === 200 ? performance.now() - startedAt : REFUSED_MS;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

const valueOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)`, 'm').exec(text)?.[1] ?? Number.NaN);

function p99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}
