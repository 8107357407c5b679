import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthModule, type Readiness } from '@mystocks/health';
import { nestLogger } from '@mystocks/telemetry';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';

@Module({})
class ManagementModule {
  static forRoot(readiness: Readiness): DynamicModule {
    return { module: ManagementModule, imports: [HealthModule.forRoot(readiness), PrometheusModule.register()] };
  }
}

/** Opens `/health/*` and `/metrics` on their own port: never reachable where clients come in. */
export async function openManagement(
  readiness: Readiness,
  address: { readonly host: string; readonly port: number },
): Promise<INestApplication> {
  const app = await NestFactory.create(ManagementModule.forRoot(readiness), new FastifyAdapter(), {
    logger: nestLogger,
  });
  await app.listen(address.port, address.host);
  return app;
}
