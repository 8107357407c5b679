// One server of the gateway bench in a process of its own: `node gateway-server.ts TASK.json`.
// It tells its port, and on each message how much CPU it has used.
import 'reflect-metadata';
import { openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { barsAnswer, taskFrom, type ServerTask } from './gateway-answer.ts';

async function listen(task: ServerTask): Promise<number> {
  switch (task.kind) {
    case 'bare':
      return bare(task);
    case 'gateway':
      return gateway(task);
    case 'stock':
      return (await import('./gateway-stock.ts')).stock(task);
  }
}

/** node:http sending the same bytes: nothing else. */
async function bare(task: ServerTask): Promise<number> {
  const bodies = new Map(task.sizes.map((size) => [String(size), barsAnswer(size).body]));
  const server = createServer((request, response) => {
    const body = bodies.get(request.url?.slice(request.url.lastIndexOf('=') + 1) ?? '') ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** The real gateway as `main.ts` puts it together, with the services behind it played by a fake bus. */
async function gateway(task: ServerTask): Promise<number> {
  const { NestFactory } = await import('@nestjs/core');
  const { AccessLog } = await import('@mystocks/telemetry');
  const { TokenVerifier } = await import('@mystocks/identity');
  const { Bus } = await import('@mystocks/bus');
  const { FakeBus } = await import('@mystocks/testing');
  const contracts = await import('@mystocks/contracts');
  const app = '../apps/gateway/dist';
  const { Edge } = await import(`${app}/edge/edge.js`);
  const { GatewayModule } = await import(`${app}/gateway.module.js`);
  const { GatewaySettings } = await import(`${app}/gateway.settings.js`);
  const { openGateway } = await import(`${app}/edge/open-gateway.js`);

  const keySet = task.keySet as InstanceType<typeof contracts.KeySet>;
  const bus = new FakeBus();
  bus.answer(contracts.listKeys, () => keySet);
  bus.answer(contracts.readAnswer, ({ request }) => {
    const { limit } = JSON.parse(request) as { limit: number };
    const { body } = barsAnswer(limit);
    const about = { tags: ['600519.SH'], ttl_ms: 3_600_000, quality: 'eod' as const, built_at_ms: Date.now() };
    return { body, etag: `"bench-${limit}"`, as_of: '2023-12-29T00:00:00+08:00', ...about };
  });
  const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(keySet) });
  const parts = [{ provide: Bus, useValue: bus }, { provide: TokenVerifier, useValue: verifier }, GatewaySettings];
  class BenchModule {}
  const module = {
    module: BenchModule,
    global: true,
    imports: [GatewayModule],
    providers: parts,
    exports: [Bus, TokenVerifier, GatewaySettings],
  };
  const accessLog = new AccessLog('gateway', openSync(task.logFile, 'w'));
  const edge = new Edge(accessLog);
  const nest = await NestFactory.create(module, edge.adapter(), { logger: false, bodyParser: false });
  openGateway(nest, edge, accessLog);
  await nest.listen(0, '127.0.0.1');
  return Number(new URL(await nest.getUrl()).port);
}

const port = await listen(taskFrom(process.argv[2] ?? ''));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
