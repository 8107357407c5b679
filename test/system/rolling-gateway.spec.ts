import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StartedService } from '@mystocks/testing';
import { startHouse, type House } from './house.js';

const CLIENTS = 20;
const REQUESTS = 2_000;
/** How long a gateway serves on after it has said that it will stop. */
const delayed = { SHUTDOWN_DELAY_MS: '1000' };

let house: House;
/** What a balancer knows: gateways that said they are ready when it looked last. */
let ready: StartedService[] = [];
beforeAll(async () => {
  house = await startHouse({ replicas: 0 });
}, 60_000);
afterAll(() => house.stop(), 30_000);

/** A client that keeps its connection until an answer says that it ends, and never asks twice. */
class KeepAliveClient {
  readonly answers: (number | string)[] = [];
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #at: StartedService | undefined;

  constructor(private readonly token: string) {}

  async ask(): Promise<void> {
    this.#at ??= ready[Math.floor(Math.random() * ready.length)];
    this.answers.push(await this.#request(this.#at?.url ?? '').catch((error: unknown) => String(error)));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #request(url: string): Promise<number> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.token}` };
      request(`${url}/api/v2/clock`, { agent: this.#agent, headers, timeout: 5_000 })
        .once('error', reject)
        .once('response', resolve)
        .end();
    });
    for await (const part of response) void part;
    if (response.headers.connection === 'close') this.#at = undefined;
    return response.statusCode ?? 0;
  }
}

async function look(gateways: readonly StartedService[]): Promise<void> {
  const states = await Promise.all(gateways.map((one) => one.readiness().catch(() => ({ status: 0 }))));
  ready = gateways.filter((_, index) => states[index]?.status === 200);
}

describe('a rolling restart of the gateways under clients that keep their connections', () => {
  it('fails none of 2,000 requests', async () => {
    let gateways: StartedService[] = await Promise.all([
      house.another('gateway', delayed),
      house.another('gateway', delayed),
    ]);
    await look(gateways);
    const clients = Array.from({ length: CLIENTS }, () => new KeepAliveClient(house.adminToken));
    let restarted = false;
    const balancer = (async () => {
      while (!restarted) {
        await look(gateways);
        await pause(50);
      }
    })();
    const asking = clients.map(async (client) => {
      while (client.answers.length < REQUESTS / CLIENTS || !restarted) {
        await client.ask();
        await pause(40);
      }
    });
    for (const old of gateways) {
      await old.stop();
      const next = await house.another('gateway', delayed);
      gateways = [...gateways.filter((one) => one !== old), next];
      await look(gateways);
    }
    restarted = true;
    await Promise.all([balancer, ...asking]);
    for (const client of clients) client.close();
    const answers = clients.flatMap((client) => client.answers);
    expect(answers.length).toBeGreaterThanOrEqual(REQUESTS);
    expect(answers.filter((answer) => answer !== 200)).toEqual([]);
  }, 60_000);
});
