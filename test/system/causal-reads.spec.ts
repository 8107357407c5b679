import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import type { StartedService } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv } from './requests.js';

const PAIRS = 10_000;
const AT_ONCE = 24;
const START = Date.parse('2022-06-01T09:30:00+08:00');

let system: System;
let readers: StartedService;
let markets: readonly StartedService[];
const agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE });

beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 2 } });
  await system.postgres.replicas[1]?.delayReplay(2_000);
  const [gateway, market] = await Promise.all([system.another('gateway'), system.another('market-data')]);
  readers = gateway;
  markets = [system.services['market-data'], market];
}, 60_000);

afterAll(async () => {
  agent.destroy();
  await system.stop();
}, 30_000);

/** Leaner than fetch: the test shares two cores with what it tests. */
function send(
  url: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ readonly status: number; readonly readAfter: string; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const all = { authorization: `Bearer ${system.adminToken}`, 'content-type': 'application/json', ...headers };
    const outgoing = request(`${url}${path}`, { method, headers: all, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        const readAfter = String(response.headers['x-read-after'] ?? '');
        resolve({ status: response.statusCode ?? 0, readAfter, text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Database work of both copies of market-data, `target reason` → count. */
async function routes(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { managementUrl } of markets) {
    const { text } = await get(managementUrl, '/metrics');
    for (const [, target, reason, value] of text.matchAll(/^db_route_total\{target="(\w+)",reason="(\w+)"\} (\d+)/gm)) {
      const key = `${target ?? ''} ${reason ?? ''}`;
      counts.set(key, (counts.get(key) ?? 0) + Number(value));
    }
  }
  return counts;
}

describe('a write, and a read of it through other services', () => {
  it(`${PAIRS} times over two replicas, one of them two seconds behind: none is stale, most run on a replica`, async () => {
    const symbols = Array.from({ length: AT_ONCE }, (_, index) => String(600_100 + index));
    const lines = symbols.map((code) => `${code},SSE,${code}`).join('\n');
    await postCsv(system.url, '/api/v2/batch/symbols', `code,exchange,name\n${lines}\n`, system.adminToken);
    const before = await routes();
    const stale: string[] = [];
    let begun = 0;
    await Promise.all(
      symbols.map(async (code) => {
        while (begun < PAIRS) {
          const turn = (begun += 1);
          const t = new Date(START + turn * 100).toISOString();
          const quote = JSON.stringify({ symbol: `${code}.SH`, t, last: 10, v: turn });
          const written = await send(system.url, '/api/v2/quotes', {}, quote);
          if (written.status !== 200) throw new Error(`${written.status} ${written.text}`);
          const path = `/api/v2/stocks/${code}.SH/quotes/latest`;
          const read = await send(readers.url, path, { 'x-read-after': written.readAfter });
          if (!read.text.includes(`"v":${turn},`)) stale.push(`${turn}: ${read.status} ${read.text}`);
        }
      }),
    );
    expect(stale).toEqual([]);
    const after = await routes();
    const added = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
    const reads = added.filter(([key]) => key !== 'primary write');
    const total = reads.reduce((sum, [, count]) => sum + count, 0);
    const onReplicas = reads.filter(([key]) => key.startsWith('replica')).reduce((sum, [, count]) => sum + count, 0);
    // Every one of them was asked of the database.
    expect(total).toBeGreaterThanOrEqual(PAIRS);
    expect(onReplicas / total).toBeGreaterThanOrEqual(0.6);
  }, 180_000);
});
