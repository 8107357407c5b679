import { PostgresPool } from '@mystocks/connection-pool';
import type { FactoryProvider, Type } from '@nestjs/common';

/** Provides a repository, or undefined where the service has no database. */
export const repositoryOf = <T>(repository: Type<T>): FactoryProvider<T | undefined> => ({
  provide: repository,
  useFactory: (pool?: PostgresPool) => (pool === undefined ? undefined : new repository(pool)),
  inject: [{ token: PostgresPool, optional: true }],
});
