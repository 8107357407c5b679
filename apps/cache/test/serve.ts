import { Bus, BusServer, type BusServerOptions } from '@mystocks/bus';
import { parseSettings, ServiceSettings } from '@mystocks/config';
import type { TokenVerifier } from '@mystocks/identity';
import { CoreModule } from '@mystocks/service';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** A service in this process. */
export interface Served {
  readonly app: INestMicroservice;
  /** Answers the calls under way, then leaves the bus. */
  close(): Promise<void>;
}

interface ServedModule {
  readonly natsUrl: string;
  readonly service: string;
  readonly module: DynamicModule;
  readonly settings?: ServiceSettings | undefined;
  readonly authenticate: BusServerOptions['authenticate'];
}

/** Serves the handlers of `module` on a bus of their own, as `service`. */
export async function serve({ natsUrl, service, module, authenticate, ...rest }: ServedModule): Promise<Served> {
  const bus = Bus.connect({ servers: natsUrl, service });
  const settings = rest.settings ?? parseSettings(ServiceSettings, { MANAGEMENT_PORT: '1', NATS_URL: natsUrl });
  const core = CoreModule.forRoot(module, { bus, settings, verifier: {} as TokenVerifier });
  const strategy = new BusServer(bus, { authenticate });
  const app = await NestFactory.createMicroservice(core, { strategy, logger: false });
  await app.listen();
  return { app, close: () => app.close().then(() => bus.drain()) };
}
