// `node bus-responder.ts ours|stock <nats url>`: a service in its own process.
import 'reflect-metadata';
import { Bus, BusServer, Handles } from '@mystocks/bus';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import {
  answer,
  bytesQuote,
  stockSubject,
  typedQuote,
  type BytesAnswer,
  type QuoteAnswer,
  type Side,
} from './bus-contract.ts';
import { decorate } from './decorate.ts';

const [side, url = ''] = process.argv.slice(2) as [Side, string];
const ready: BytesAnswer = { body: Buffer.from(JSON.stringify(answer)), etag: '"5f3a9c0d"' };

class Ours {
  typed(): Promise<QuoteAnswer> {
    return Promise.resolve(answer);
  }

  bytes(): Promise<BytesAnswer> {
    return Promise.resolve(ready);
  }
}

class Stock {
  quote(): Promise<QuoteAnswer> {
    return Promise.resolve(answer);
  }
}

decorate(Ours, 'typed', Handles(typedQuote));
decorate(Ours, 'bytes', Handles(bytesQuote));
decorate(Stock, 'quote', MessagePattern(stockSubject));

class BenchModule {}
const controller = side === 'ours' ? Ours : Stock;
Controller()(controller);
Module({ controllers: [controller] })(BenchModule);

const options: MicroserviceOptions =
  side === 'ours'
    ? {
        strategy: new BusServer(Bus.connect({ servers: url, service: 'bench' }), {
          authenticate: () => Promise.reject(new Error('no caller')),
        }),
      }
    : { transport: Transport.NATS, options: { servers: [url], queue: 'bench' } };
const app = await NestFactory.createMicroservice<MicroserviceOptions>(BenchModule, { ...options, logger: false });
await app.listen();
process.send?.('ready');
