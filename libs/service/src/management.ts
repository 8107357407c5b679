import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthModule, type Readiness } from '@mystocks/health';
import { nestLogger } from '@mystocks/telemetry';

@Module({})
class ManagementModule {}

/** Opens `/health/*` and `/metrics` on a port of their own, which clients cannot reach. */
export async function openManagement(
  readiness: Readiness,
  address: { readonly host: string; readonly port: number },
): Promise<INestApplication> {
  // Loaded late: it is CommonJS that requires Nest's ES modules, which Jest refuses while those are being linked.
  const { PrometheusModule } = await import('@willsoto/nestjs-prometheus');
  const module: DynamicModule = {
    module: ManagementModule,
    imports: [HealthModule.forRoot(readiness), PrometheusModule.register()],
  };
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: nestLogger });
  await app.listen(address.port, address.host);
  return app;
}
