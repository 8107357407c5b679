import { Bus, Handles } from '@mystocks/bus';
import { latestQuotes, listBars, listKeys, type Answer, type KeySet } from '@mystocks/contracts';
import { TokenVerifier, type Caller } from '@mystocks/identity';
import {
  signToken,
  startNats,
  startRedis,
  startService,
  testKeys,
  type NatsServer,
  type RedisServer,
  type StartedService,
} from '@mystocks/testing';
import { Controller, type DynamicModule } from '@nestjs/common';
import { connect } from 'node:net';
import { serve } from '../../apps/cache/test/serve.js';

/** A question the owner was asked, to be answered when the test says so. */
export interface Asked {
  readonly atMs: number;
  answer(text: string): void;
}

const answerOf = (text: string): Answer => ({
  body: Buffer.from(`{"text":"${text}"}`),
  etag: `"${text}"`,
  tags: ['600519.SH'],
  ttl_ms: 600_000,
  built_at_ms: Date.now(),
});

/** In the place of market-data and auth: bars are answered when the test says so, quotes at once. */
@Controller()
class Owner {
  /** Nest makes the controller itself, so this is how the test reaches what it was asked. */
  static readonly asked: Asked[] = [];

  @Handles(listBars)
  bars(): Promise<Answer> {
    return new Promise((resolve) => {
      Owner.asked.push({
        atMs: performance.now(),
        answer: (text) => {
          resolve(answerOf(text));
        },
      });
    });
  }

  @Handles(latestQuotes)
  quotes(): Promise<Answer> {
    return Promise.resolve(answerOf('quotes'));
  }
}

@Controller()
class Keys {
  @Handles(listKeys)
  list(): Promise<KeySet> {
    return Promise.resolve(testKeys().keySet);
  }
}

/** Real cache services and gateways on real NATS and Redis, around an owner that the test plays. */
export class ColdKeySystem {
  readonly token = signToken(['user']);
  readonly #opened: { close(): Promise<unknown> }[] = [];

  private constructor(
    readonly redis: RedisServer,
    private readonly nats: NatsServer,
    readonly bus: Bus,
  ) {}

  static async start(): Promise<ColdKeySystem> {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    const system = new ColdKeySystem(redis, nats, Bus.connect({ servers: nats.url, service: 'client' }));
    await system.#open('auth', { module: class KeysModule {}, controllers: [Keys] });
    await system.#open('market-data', { module: class OwnerModule {}, controllers: [Owner] });
    return system;
  }

  /** Questions the owner was asked, oldest first. */
  get asked(): Asked[] {
    return Owner.asked;
  }

  async start(name: 'cache' | 'gateway', count: number): Promise<StartedService[]> {
    const env = { NATS_URL: this.nats.url, REDIS_URL: this.redis.url };
    const services: StartedService[] = [];
    for (let started = 0; started < count; started += 1) services.push(await startService(name, env));
    this.#opened.push(...services.map((service) => ({ close: () => service.stop() })));
    return services;
  }

  async stop(): Promise<void> {
    for (const one of this.#opened.reverse()) await one.close();
    await this.bus.drain();
    await Promise.all([this.nats.stop(), this.redis.stop()]);
  }

  async #open(service: string, module: DynamicModule): Promise<void> {
    const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(testKeys().keySet) });
    const authenticate = (token: string | undefined): Promise<Caller> => verifier.verify(token ?? '');
    this.#opened.push(await serve({ natsUrl: this.nats.url, service, module, authenticate }));
  }
}

/** The sum of one metric of a service over all label sets that hold `label`. */
export async function metricOf({ managementUrl }: StartedService, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${managementUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** `count` requests at once over few connections, one behind the other without waiting; how many were answered 200. */
export async function pipelined(url: string, path: string, token: string, count: number): Promise<number> {
  const connections = 10;
  const request = `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`;
  const { port } = new URL(url);
  const answered = Array.from({ length: connections }, async () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(request.repeat(count / connections));
    let text = '';
    for await (const data of socket) {
      text += String(data);
      if (text.split('HTTP/1.1 ').length > count / connections && text.endsWith('}')) break;
    }
    return text.split('HTTP/1.1 200 ').length - 1;
  });
  return (await Promise.all(answered)).reduce((sum, one) => sum + one, 0);
}
