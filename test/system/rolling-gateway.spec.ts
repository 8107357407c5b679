import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type StartedService } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { Balancer, Instances } from './keep-alive/balancer.js';
import { clientPrograms, RunningClients, type ClientRun } from './keep-alive/client-program.js';

/** What all clients together send at least, in equal shares. */
const REQUESTS = 2_000;
/** How long a gateway goes on serving after it said that it is not ready. */
const delayed = { SHUTDOWN_DELAY_MS: '2000' };

const programs = clientPrograms.filter(({ missing }) => missing === undefined);
const requestsEach = Math.ceil(REQUESTS / programs.flatMap(({ clients }) => clients).length);

let system: System;
beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 0 }, settings: { gateway: delayed } });
}, 60_000);
afterAll(() => system.stop(), 30_000);

/** Starts a second gateway and, once requests are sent to both, restarts one after the other. */
async function restartUnder(instances: Instances, sendRequests: () => Promise<unknown>): Promise<void> {
  const start = (): Promise<StartedService> => system.another('gateway');
  let gateways: readonly StartedService[] = [system.services.gateway, await start()];
  await instances.replace(gateways);
  await sendRequests();
  for (const old of gateways) {
    await old.stop();
    gateways = [...gateways.filter((one) => one !== old), await start()];
    await instances.replace(gateways);
  }
}

describe('a rolling restart of the gateways under clients that keep their connections', () => {
  const runs = new Map<string, ClientRun & { readonly connections: number }>();

  beforeAll(async () => {
    const instances = new Instances();
    const running: { readonly clients: RunningClients; readonly balancer: Balancer }[] = [];
    try {
      await restartUnder(instances, async () => {
        for (const program of programs) {
          const balancer = await Balancer.inFrontOf(instances);
          const url = `${balancer.url}/api/v2/clock`;
          const clients = new RunningClients(program, { url, token: system.adminToken, requests: requestsEach });
          running.push({ clients, balancer });
        }
        const doSend = (): boolean => running.every(({ clients, balancer }) => clients.hasEnded || balancer.opened > 1);
        await waitFor(doSend, { timeoutMs: 30_000, what: 'every program to send requests' });
      });
      const ended = running.map(async ({ clients, balancer }) => {
        for (const [client, run] of await clients.end()) runs.set(client, { ...run, connections: balancer.opened });
      });
      await Promise.all(ended);
    } finally {
      for (const { clients, balancer } of running) {
        clients.kill();
        balancer.stop();
      }
      await instances.stop();
    }
  }, 120_000);

  for (const { clients, missing } of clientPrograms)
    for (const client of clients) {
      const title = `fails no request of ${client}`;
      if (missing !== undefined) {
        it.skip(`${title}: left out, because ${missing}`, () => undefined);
        // The titles of skipped tests are not printed when many files run.
        process.stderr.write(`skipped: "${title}", because ${missing}\n`);
      } else
        it(title, () => {
          const run = runs.get(client);
          expect(run?.failures.slice(0, 20)).toEqual([]);
          expect(run?.sent).toBeGreaterThanOrEqual(requestsEach);
          // Otherwise the client did not keep its connections, and the test shows nothing.
          expect(run?.connections).toBeLessThan(requestsEach / 2);
        });
    }
});
