import { Module, type DynamicModule } from '@nestjs/common';
import { TdenginePool, type TdenginePoolOptions } from './tdengine.pool.js';

/** Provides the service's {@link TdenginePool} to all modules. */
@Module({})
export class TdengineModule {
  static forRoot(options: TdenginePoolOptions): DynamicModule {
    const pool = new TdenginePool(options);
    const providers = [{ provide: TdenginePool, useFactory: () => pool }];
    return { module: TdengineModule, global: true, providers, exports: providers };
  }
}
