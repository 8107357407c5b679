import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchRow } from './bench-row.ts';
import { barsAnswer, PATH, type ServerTask } from './gateway-answer.ts';

const run = promisify(execFile);
const CONNECTIONS = 64;
const ROUNDS = 5;
const ROUND_S = 1;
const SIZES = [10, 250];
const KINDS = ['gateway', 'bare', 'stock'] as const;
type Kind = (typeof KINDS)[number];

interface Served {
  readonly kind: Kind;
  readonly child: ChildProcess;
  readonly port: number;
}

/**
 * An answer at hand, read through the whole gateway (token, roles, metrics, access log, all headers), against bare
 * node:http sending the same bytes and against the same endpoint of stock Nest layers. Requests per CPU second of the
 * server process, 64 connections, rounds interleaved, median of the ratios of each round.
 *
 * Not shown: TLS, a network, a cold cache.
 */
export async function bench(): Promise<BenchRow[]> {
  const { makeKeys, signToken } = await import('@mystocks/testing');
  const { createPublicKey } = await import('node:crypto');
  const keys = makeKeys();
  const token = signToken(['user'], { keys });
  const publicKeyPem = createPublicKey(keys.privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  const servers: Served[] = [];
  try {
    for (const kind of KINDS) {
      const task = { kind, publicKeyPem, keySet: keys.keySet, logFile: join(folder, `${kind}.log`), sizes: SIZES };
      servers.push(await start(task, folder));
    }
    const rows: BenchRow[] = [];
    for (const size of SIZES) rows.push(...(await compare(servers, size, token)));
    return rows;
  } finally {
    for (const { child } of servers) child.disconnect();
    rmSync(folder, { recursive: true });
  }
}

async function start(task: ServerTask, folder: string): Promise<Served> {
  const file = join(folder, `${task.kind}.json`);
  writeFileSync(file, JSON.stringify(task));
  const profile =
    process.env['BENCH_CPU_PROFILE'] === task.kind ? ['--cpu-prof', '--cpu-prof-dir=.stack/profiles'] : [];
  const child = fork(join(import.meta.dirname, 'gateway-server.ts'), [file], { execArgv: profile });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { kind: task.kind, child, port: message.port };
}

async function compare(servers: readonly Served[], size: number, token: string): Promise<BenchRow[]> {
  for (const server of servers) await perCpuSecond(server, size, token);
  const rounds: Record<Kind, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const figures: Partial<Record<Kind, number>> = {};
    for (const server of servers) figures[server.kind] = await perCpuSecond(server, size, token);
    rounds.push(figures as Record<Kind, number>);
  }
  const kilobytes = (barsAnswer(size).body.length / 1_000).toFixed(1);
  const row = (peer: Kind, peerName: string, target: number): BenchRow => ({
    name: `Gateway, L1 hit of ${size} bars (${kilobytes} KB), authenticated, with metrics and access log`,
    peer: peerName,
    ours: median(rounds.map(({ gateway }) => gateway)),
    theirs: median(rounds.map((round) => round[peer])),
    ratio: median(rounds.map((round) => round.gateway / round[peer])),
    unit: 'requests per server CPU second',
    target,
  });
  return [
    row('bare', 'bare node:http sending the same bytes', 0.45),
    row('stock', 'the same endpoint of stock Nest layers', 3),
  ];
}

async function perCpuSecond({ child, port }: Served, size: number, token: string): Promise<number> {
  const url = `http://127.0.0.1:${port}${PATH}${size}`;
  const before = await cpuOf(child);
  const requests = await load(url, token);
  const used = (await cpuOf(child)) - before;
  return requests / (used / 1_000_000);
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [message] = (await once(child, 'message')) as [{ cpuMicroseconds: number }];
  return message.cpuMicroseconds;
}

/** Requests answered with 2xx during one round; any other answer fails the bench. */
async function load(url: string, token: string): Promise<number> {
  const cannon = join(import.meta.dirname, '../node_modules/autocannon/autocannon.js');
  const asked = ['-c', String(CONNECTIONS), '-d', String(ROUND_S), '-j', '-H', `authorization=Bearer ${token}`, url];
  const wrk = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${ROUND_S}s`, '-H', `Authorization: Bearer ${token}`, url];
  const { stdout } = await run('wrk', wrk).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return run(process.execPath, [cannon, ...asked]);
    throw error;
  });
  if (stdout.startsWith('{')) {
    const { non2xx, requests } = JSON.parse(stdout) as { non2xx: number; requests: { total: number } };
    if (non2xx > 0) throw new Error(`${non2xx} answers of ${url} were not 2xx`);
    return requests.total;
  }
  if (/Non-2xx/.test(stdout)) throw new Error(`not every answer of ${url} was 2xx:\n${stdout}`);
  return Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
