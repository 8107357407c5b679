// `node cache-owner.ts <nats url> <key set>`: stands in for auth (its keys) and for market-data (quotes and bars of a
// given size), in a process of its own.
import 'reflect-metadata';
import { Bus, BusServer, Handles } from '@mystocks/bus';
import { latestQuotes, listBars, listKeys, type Answer, type KeySet } from '@mystocks/contracts';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { decorate } from './decorate.ts';

const [url = '', keySet = ''] = process.argv.slice(2);

class Auth {
  list(): Promise<KeySet> {
    return Promise.resolve(JSON.parse(keySet) as KeySet);
  }
}

class MarketData {
  quotes(): Promise<Answer> {
    return Promise.resolve(answerOf(170));
  }

  bars(): Promise<Answer> {
    return Promise.resolve(answerOf(33_000));
  }
}

const answerOf = (bytes: number): Answer => ({
  body: Buffer.alloc(bytes, 'x'),
  etag: '"5f3a9c0d"',
  tags: ['600519.SH'],
  ttl_ms: 3_600_000,
  built_at_ms: Date.now(),
});

decorate(Auth, 'list', Handles(listKeys));
decorate(MarketData, 'quotes', Handles(latestQuotes));
decorate(MarketData, 'bars', Handles(listBars));

async function serve(service: string, controller: new () => object): Promise<void> {
  class Alone {}
  Controller()(controller);
  Module({ controllers: [controller] })(Alone);
  const strategy = new BusServer(Bus.connect({ servers: url, service }), {
    authenticate: () => Promise.resolve({ id: 'id', username: 'bench', roles: ['admin'], expiresAtMs: Infinity }),
  });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(Alone, { strategy, logger: false });
  await app.listen();
}

await serve('auth', Auth);
await serve('market-data', MarketData);
process.send?.('ready');
