// The same endpoint as Nest's documentation builds it, layer by layer. Decorators are applied by hand because benches
// run without a compiler.
import { openSync } from 'node:fs';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Query,
  UseGuards,
  ValidationPipe,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsDateString, IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { Strategy } from 'passport-jwt';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { Counter, Histogram } from 'prom-client';
import { map, tap, type Observable } from 'rxjs';
import { barsAnswer, type ServerTask } from './gateway-answer.ts';

class ListBars {
  declare timeframe: string;
  declare start: string;
  declare limit: number;
}
const decorate = (name: string, ...decorators: PropertyDecorator[]): void => {
  for (const one of decorators) one(ListBars.prototype, name);
};
decorate('timeframe', IsString(), IsIn(['1Min', '5Min', '1Day', '1Week', '1Month']));
decorate('start', IsOptional(), IsDateString());
decorate(
  'limit',
  Type(() => Number),
  IsInt(),
  Min(1),
  Max(10_000),
);

class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ success: true, data, timestamp: new Date().toISOString() })));
  }
}

class Metrics implements NestInterceptor {
  readonly requests = new Counter({
    name: 'stock_requests_total',
    help: 'x',
    labelNames: ['route', 'method', 'status'],
  });
  readonly latency = new Histogram({ name: 'stock_latency_seconds', help: 'x', labelNames: ['route', 'method'] });

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<{ method: string; routeOptions: { url: string } }>();
    const labels = { route: request.routeOptions.url, method: request.method };
    const end = this.latency.startTimer(labels);
    return next.handle().pipe(
      tap(() => {
        end();
        this.requests.inc({ ...labels, status: '200' });
      }),
    );
  }
}

/** Starts it and tells its port. */
export async function stock(task: ServerTask): Promise<number> {
  class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
    constructor() {
      super({
        jwtFromRequest: ({ headers }: { headers: Record<string, string> }) =>
          headers['authorization']?.slice(7) ?? null,
        secretOrKey: task.publicKeyPem,
        algorithms: ['ES256'],
      });
    }

    validate(payload: object): object {
      return payload;
    }
  }
  Injectable()(JwtStrategy);

  const cached = new Map(task.sizes.map((size) => [size, barsAnswer(size).value]));
  class Bars {
    list(_symbol: string, query: ListBars): object | undefined {
      return cached.get(query.limit);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Bars.prototype, 'list') ?? {};
  Param('symbol')(Bars.prototype, 'list', 0);
  Query()(Bars.prototype, 'list', 1);
  Reflect.defineMetadata('design:paramtypes', [String, ListBars], Bars.prototype, 'list');
  Get(':symbol/bars')(Bars.prototype, 'list', descriptor);
  UseGuards(AuthGuard('jwt'))(Bars.prototype, 'list', descriptor);
  Controller('api/v2/stocks')(Bars);

  class StockModule {}
  Module({ imports: [PassportModule], controllers: [Bars], providers: [JwtStrategy] })(StockModule);
  const app = await NestFactory.create<NestFastifyApplication>(StockModule, new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  app.useGlobalInterceptors(new Envelope(), new Metrics());
  const logger = pino(pino.destination({ fd: openSync(task.logFile, 'w'), sync: false, minLength: 4_096 }));
  app.use(pinoHttp({ logger }));
  await app.listen(0, '127.0.0.1');
  return Number(new URL(await app.getUrl()).port);
}
