import 'reflect-metadata';
import type { DynamicModule, INestApplicationContext, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Bus, BusServer } from '@mystocks/bus';
import type { ServiceSettings } from '@mystocks/config';
import { Failure, listKeys } from '@mystocks/contracts';
import { Readiness, type Check } from '@mystocks/health';
import { TokenVerifier } from '@mystocks/identity';
import { AccessLog, log, nestLogger, openLog, type LogLevel } from '@mystocks/telemetry';
import { CoreModule } from './core.module.js';
import { openManagement } from './management.js';
import { stopOnSignals } from './stop.js';

/**
 * New connections that may wait to be accepted: as many as Linux allows. A client whose connection is beyond that believes that
 * it is connected.
 */
const BACKLOG = 4_096;

/** A public HTTP port; only the gateway and realtime have one. */
export interface HttpAdapterOptions {
  readonly host: string;
  readonly port: number;
  readonly adapter?: () => FastifyAdapter;
  /** Adds hooks, parsers or a socket adapter before the port opens. */
  readonly prepare?: (app: NestFastifyApplication) => Promise<void> | void;
  /** The service will stop soon: runs when readiness has turned false, before the port closes. */
  readonly drain?: () => void;
}

export interface ServiceDefinition<Settings extends ServiceSettings> {
  /** Owner name in subjects, queue group and logs, e.g. `market-data`. */
  readonly name: string;
  readonly settings: Settings;
  readonly module: (settings: Settings) => DynamicModule | Type;
  /** Checks of what the service needs, beside the bus; readiness reports them. */
  readonly checks?: (app: INestApplicationContext) => Check[];
  readonly http?: HttpAdapterOptions;
}

export interface RunningService {
  readonly app: INestApplicationContext;
  /** Turns readiness false at once and shuts down in order; resolves when everything is closed. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a service: log, bus, module, probes and metrics, public port; shuts it down on signals. Every `main.ts` calls it.
 * It never waits for a dependency: a service starts without NATS or its database and reports that in `/health/ready`.
 */
export async function runService<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
): Promise<RunningService> {
  const { name, settings } = definition;
  openLog({ service: name, level: settings.LOG_LEVEL as LogLevel });
  const bus = Bus.connect({ servers: settings.NATS_URL.split(','), service: name, ...tokenOf(settings) });
  const verifier = new TokenVerifier({ issuer: settings.TOKEN_ISSUER, keys: () => bus.call(listKeys, {}) });
  const accessLog = settings.LOG_LEVEL === 'info' || settings.LOG_LEVEL === 'debug' ? new AccessLog(name) : undefined;
  const strategy = new BusServer(bus, {
    authenticate: (token) => authenticate(verifier, token),
    ...(accessLog === undefined ? {} : { accessLog }),
  });
  const module = CoreModule.forRoot(definition.module(settings), { bus, verifier, settings });
  const app = await createApp(module, strategy, definition.http);

  const busCheck: Check = {
    name: 'nats',
    probe: () => (bus.connected ? Promise.resolve() : Promise.reject(new Error('not connected'))),
  };
  const readiness = new Readiness([busCheck, ...(definition.checks?.(app) ?? [])]);
  const management = await openManagement(readiness, {
    host: settings.MANAGEMENT_HOST,
    port: settings.MANAGEMENT_PORT,
  });
  await open(app, definition.http);
  log.info({ management_port: settings.MANAGEMENT_PORT, http_port: definition.http?.port }, 'started');

  const stop = stopOnSignals({
    delayMs: settings.SHUTDOWN_DELAY_MS,
    notReady: () => {
      readiness.drain();
      definition.http?.drain?.();
    },
    close: async () => {
      await app.close();
      await bus.drain();
      await management.close();
      accessLog?.close();
    },
  });
  return { app, stop };
}

type App = NestFastifyApplication | INestMicroservice;

async function createApp(
  module: DynamicModule,
  strategy: BusServer,
  http: HttpAdapterOptions | undefined,
): Promise<App> {
  if (http === undefined) return NestFactory.createMicroservice(module, { strategy, logger: nestLogger });
  const adapter = http.adapter?.() ?? new FastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger,
    bodyParser: false,
  });
  app.connectMicroservice({ strategy });
  return app;
}

async function open(app: App, http: HttpAdapterOptions | undefined): Promise<void> {
  if (http === undefined) {
    await (app as INestMicroservice).listen();
    return;
  }
  const publicApp = app as NestFastifyApplication;
  await http.prepare?.(publicApp);
  await publicApp.startAllMicroservices();
  await publicApp.listen({ port: http.port, host: http.host, backlog: BACKLOG });
}

const tokenOf = (settings: ServiceSettings): { token?: string } =>
  settings.NATS_TOKEN === undefined ? {} : { token: settings.NATS_TOKEN.reveal() };

async function authenticate(verifier: TokenVerifier, token: string | undefined): ReturnType<TokenVerifier['verify']> {
  if (token === undefined) throw new Failure('unauthenticated', 'This call needs the access token of its caller');
  return verifier.verify(token);
}
