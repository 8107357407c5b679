// `node bus-client.ts ours|stock <nats url>`: calls in its own process, as many as it can, when told.
import 'reflect-metadata';
import { Bus } from '@mystocks/bus';
import { ClientNats } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  bytesQuote,
  request,
  stockSubject,
  typedQuote,
  type Done,
  type Kind,
  type Order,
  type Side,
} from './bus-contract.ts';

const [side, url = ''] = process.argv.slice(2) as [Side, string];
const calls = side === 'ours' ? await ours() : await stock();

async function ours(): Promise<Record<Kind, () => Promise<unknown>>> {
  const bus = Bus.connect({ servers: url, service: 'bench-client' });
  const both = { typed: () => bus.call(typedQuote, request), bytes: () => bus.call(bytesQuote, request) };
  for (;;) {
    const answered = await both.typed().then(
      () => true,
      () => delay(50, false),
    );
    if (answered) return both;
  }
}

async function stock(): Promise<Record<Kind, () => Promise<unknown>>> {
  const client = new ClientNats({ servers: [url] });
  await client.connect();
  const call = (): Promise<unknown> => firstValueFrom(client.send(stockSubject, request));
  for (;;) {
    const answered = await call().then(
      () => true,
      () => delay(50, false),
    );
    if (answered) return { typed: call, bytes: call };
  }
}

async function run({ kind, ms, inFlight }: Order): Promise<Done> {
  const call = calls[kind];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const endAt = startedAt + ms;
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endAt) {
      await call();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const { user, system } = process.cpuUsage(cpu);
  return { calls: count, ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
}

process.on('message', (order: Order) => {
  void run(order).then((done) => process.send?.(done));
});
process.send?.('ready');
