import { Bus, BusModule, BusServer, type BusServerOptions } from '@mystocks/bus';
import { Module, type DynamicModule, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Module({})
class Around {}

/** A service in this process. */
export interface Served {
  readonly app: INestMicroservice;
  /** Answers what it has, then leaves the bus. */
  close(): Promise<void>;
}

/** Serves the handlers of `inner` on a bus of their own, as `service`. */
export async function serve(
  natsUrl: string,
  service: string,
  inner: DynamicModule,
  authenticate: BusServerOptions['authenticate'],
): Promise<Served> {
  const bus = Bus.connect({ servers: natsUrl, service });
  const module = { module: Around, imports: [BusModule.forRoot(bus), inner] };
  const strategy = new BusServer(bus, { authenticate });
  const app = await NestFactory.createMicroservice(module, { strategy, logger: false });
  await app.listen();
  return { app, close: () => app.close().then(() => bus.drain()) };
}
