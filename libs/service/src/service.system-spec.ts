import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { Bus, Handles } from '@mystocks/bus';
import { parseSettings, ServiceSettings } from '@mystocks/config';
import { listKeys, type KeySet } from '@mystocks/contracts';
import { freePort, startNats, waitFor, type NatsServer } from '@mystocks/testing';
import { runService, type RunningService } from './index.js';

const keys: KeySet = {
  keys: [{ kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43), kid: 'k1', alg: 'ES256', use: 'sig' }],
};

@Controller()
class KeysHandler {
  @Handles(listKeys)
  list(): Promise<KeySet> {
    return Promise.resolve(keys);
  }
}

@Module({ controllers: [KeysHandler] })
class ToyModule {}

let nats: NatsServer;
let service: RunningService;
let port: number;
let databaseUp = true;

const ask = async (path: string): Promise<{ status: number; body: string }> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: await response.text() };
};
const statusBecomes = (status: number): Promise<unknown> =>
  waitFor(async () => (await ask('/health/ready')).status === status, { timeoutMs: 10_000 });

beforeAll(async () => {
  nats = await startNats();
  port = await freePort();
  const settings = parseSettings(ServiceSettings, {
    MANAGEMENT_PORT: String(port),
    NATS_URL: nats.url,
    LOG_LEVEL: 'silent',
    SHUTDOWN_DELAY_MS: '300',
  });
  service = await runService({
    name: 'auth',
    settings,
    module: () => ToyModule,
    checks: () => [
      {
        name: 'postgres',
        probe: () => (databaseUp ? Promise.resolve() : Promise.reject(new Error('connection refused'))),
      },
    ],
  });
});
afterAll(async () => {
  await service.stop();
  await nats.stop();
});

describe('a service inside its core module', () => {
  it('a service inside its core module is live, started and ready, and answers calls', async () => {
    await statusBecomes(200);
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/health/startup')).status).toBe(200);
    expect(await service.app.get(Bus).call(listKeys, {})).toEqual(keys);
  });

  it('shows the metrics of the system', async () => {
    const { status, body } = await ask('/metrics');
    expect(status).toBe(200);
    expect(body).toContain('bus_call_seconds_count{subject="svc.auth.keys.list.v1",outcome="ok"} 1');
    expect(body).toContain('nodejs_eventloop_lag_seconds');
  });

  it('names the dependency that is down, stays alive and heals by itself', async () => {
    databaseUp = false;
    await statusBecomes(503);
    expect((await ask('/health/ready')).body).toMatch(/postgres.*connection refused/);
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/health/startup')).status).toBe(200);
    databaseUp = true;
    await statusBecomes(200);
  });

  it('a service inside its core module is not ready without the bus and is again when it is back', async () => {
    await nats.kill();
    await statusBecomes(503);
    expect((await ask('/health/ready')).body).toContain('"nats":{"message":"not connected","status":"down"}');
    await nats.restart();
    await statusBecomes(200);
    expect(await service.app.get(Bus).call(listKeys, {})).toEqual(keys);
  });

  it('a service inside its core module is not ready at once when told to stop, and still serves for a while', async () => {
    const stopped = service.stop();
    const ready = await ask('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toContain('"accepting":{"message":"told to stop","status":"down"}');
    expect(await service.app.get(Bus).call(listKeys, {})).toEqual(keys);
    await stopped;
    await expect(ask('/health/live')).rejects.toThrow('fetch failed');
  });
});
