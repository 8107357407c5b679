import { openSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Bus } from '@mystocks/bus';
import { getPosition, listKeys, type Answer, type Call, type Role, type User } from '@mystocks/contracts';
import { TokenVerifier } from '@mystocks/identity';
import { AccessLog, currentContext, type RequestContext } from '@mystocks/telemetry';
import { FakeBus, signToken, testKeys } from '@mystocks/testing';
import { GatewaySettings } from '../src/gateway.settings.js';
import { GatewayModule } from '../src/gateway.module.js';
import { Edge, type EdgeLimits } from '../src/edge/edge.js';
import { openGateway } from '../src/edge/open-gateway.js';

export interface Gateway {
  readonly url: string;
  readonly port: number;
  readonly bus: FakeBus;
  /** Context of each call that was answered, oldest first. */
  readonly contexts: (RequestContext | undefined)[];
  /** How often a call was asked. */
  count(call: Call): number;
  readonly app: NestFastifyApplication;
  readonly edge: Edge;
  token(...roles: Role[]): string;
  get(path: string, init?: RequestInit & { readonly token?: string | undefined }): Promise<Response>;
  close(): Promise<void>;
}

/** The whole gateway in this process on a free port; the other services are handlers of a fake bus. */
export async function startGateway(logTo = '/dev/null', limits?: EdgeLimits): Promise<Gateway> {
  const bus = new FakeBus();
  const contexts: (RequestContext | undefined)[] = [];
  const call = bus.call.bind(bus);
  bus.call = (...asked) => {
    // The gateway asks for the end of the log by itself, whatever a test has it do.
    if (asked[0].subject !== getPosition.subject) contexts.push(currentContext());
    return call(...asked);
  };
  const { keySet } = testKeys();
  bus.answer(listKeys, () => keySet);
  // Beyond every position that tests announce.
  bus.answer(getPosition, () => ({ lsn: '10/0' }));
  const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(keySet) });

  @Module({
    imports: [GatewayModule],
    providers: [{ provide: Bus, useValue: bus }, { provide: TokenVerifier, useValue: verifier }, GatewaySettings],
    exports: [Bus, TokenVerifier, GatewaySettings],
  })
  class TestModule {}
  Reflect.defineMetadata('__module:global__', true, TestModule);

  const accessLog = new AccessLog('gateway', openSync(logTo, 'w'));
  const edge = new Edge(accessLog, limits);
  const app = await NestFactory.create<NestFastifyApplication>(TestModule, edge.adapter(), {
    logger: false,
    bodyParser: false,
  });
  openGateway(app, edge, accessLog);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token: Gateway['token'] = (...roles) => signToken(roles);
  const usual = token('user');
  return {
    url,
    port: Number(new URL(url).port),
    bus,
    contexts,
    count: ({ subject }) => bus.called.filter((one) => one.subject === subject).length,
    app,
    edge,
    token,
    get: (path, { token: own = usual, ...init } = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: {
          ...(own === '' ? {} : { authorization: `Bearer ${own}` }),
          ...(init.headers as Record<string, string>),
        },
      }),
    close: () => app.close(),
  };
}

/** An answer as market-data would give it. */
export function answerOf(value: unknown, changes: Partial<Answer> = {}): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return {
    body,
    etag: `"e${body.length}-${body.toString('base64').length}"`,
    tags: ['600519.SH'],
    ttl_ms: 60_000,
    quality: 'eod',
    as_of: '2023-12-29T00:00:00+08:00',
    built_at_ms: Date.now(),
    ...changes,
  };
}

/** A user as the auth service would give it. */
export const user: User = {
  id: '7b0c6a9e-3f1d-4a57-9f0e-2f1a5a3d9c11',
  username: 'desk-1',
  roles: ['user'],
  created_at: '2026-01-01T00:00:00Z',
};
