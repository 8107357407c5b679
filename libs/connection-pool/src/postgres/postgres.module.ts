import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { PostgresPool, type PostgresPoolOptions } from './postgres.pool.js';
import { TypeOrm, type TypeOrmOptions } from '../type-orm/type-orm.js';

export interface PostgresModuleOptions extends PostgresPoolOptions {
  /** With this option {@link TypeOrm} is provided as well, over the same connections. */
  readonly orm?: Pick<TypeOrmOptions, 'schema' | 'entities'>;
}

/** Provides the service's {@link PostgresPool} to all modules. */
@Module({})
export class PostgresModule {
  static forRoot(options: PostgresModuleOptions): DynamicModule {
    const pool = new PostgresPool(options);
    const providers: Provider[] = [{ provide: PostgresPool, useFactory: () => pool }];
    if (options.orm !== undefined) {
      const orm = new TypeOrm(pool, { url: options.url, ...options.orm });
      providers.push({ provide: TypeOrm, useFactory: () => orm });
    }
    return { module: PostgresModule, global: true, providers, exports: providers };
  }
}
