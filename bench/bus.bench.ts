// Our bus against Nest's own NATS client and server: 140-byte bodies, 100 calls in flight, every client and service in
// its own process, rounds in turn (A B A B), medians. Ours checks both messages against the contract, carries the
// system's headers and keeps metrics; the stock pair does none of that.
import { startNats } from '@mystocks/testing';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';
import type { Done, Kind, Order, Side } from './bus-contract.ts';

const ROUNDS = 11;
const ROUND_MS = 500;
const IN_FLIGHT = 100;
const TARGET = 2;

export async function bench(): Promise<BenchRow[]> {
  const nats = await startNats();
  const children: ChildProcess[] = [];
  const start = async (file: string, side: Side): Promise<ChildProcess> => {
    const child = fork(join(import.meta.dirname, file), [side, nats.url]);
    children.push(child);
    await once(child, 'message');
    return child;
  };
  try {
    for (const side of ['ours', 'stock'] as const) await start('bus-responder.ts', side);
    const clients = { ours: await start('bus-client.ts', 'ours'), stock: await start('bus-client.ts', 'stock') };
    const rows: BenchRow[] = [];
    for (const kind of ['typed', 'bytes'] as const) rows.push(await compare(clients, kind));
    return rows;
  } finally {
    for (const child of children) child.kill();
    await nats.stop();
  }
}

async function compare(clients: Record<Side, ChildProcess>, kind: Kind): Promise<BenchRow> {
  const rates: Record<Side, number[]> = { ours: [], stock: [] };
  const costs: Record<Side, number[]> = { ours: [], stock: [] };
  for (const side of ['ours', 'stock'] as const) await ask(clients[side], { kind, ms: 500, inFlight: IN_FLIGHT });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['ours', 'stock'] as const) {
      const { calls, ms, cpuMs } = await ask(clients[side], { kind, ms: ROUND_MS, inFlight: IN_FLIGHT });
      rates[side].push(calls / (ms / 1_000));
      costs[side].push((cpuMs * 1_000) / calls);
    }
  }
  const [ours, theirs] = [median(rates.ours), median(rates.stock)];
  const cpu = `client CPU ${median(costs.ours).toFixed(1)} against ${median(costs.stock).toFixed(1)} µs a call`;
  return {
    name: kind === 'typed' ? 'bus call, JSON checked at both ends' : 'bus call, answer forwarded as bytes',
    peer: 'Nest ClientNats + ServerNats',
    ours,
    theirs,
    // Of each round's own pair: other work on the machine then hits both sides of a ratio.
    ratio: median(rates.ours.map((rate, round) => rate / (rates.stock[round] ?? NaN))),
    unit: 'calls/s',
    target: TARGET,
    note: `140 B, ${IN_FLIGHT} in flight, ${ROUNDS} rounds; ${cpu}`,
  };
}

async function ask(client: ChildProcess, order: Order): Promise<Done> {
  const answered = once(client, 'message') as Promise<[Done]>;
  client.send(order);
  return (await answered)[0];
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
