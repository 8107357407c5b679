import pg from 'pg';
import type { PostgresPool } from './postgres/postgres.pool.js';

/**
 * A `pg` module for TypeORM whose `Pool` hands out the connections of `pool` instead of opening its own
 * (`driver` option, TypeORM 1.1). TypeORM closes its pool when it is destroyed; the connections are not its to close.
 */
export function sharedDriver(pool: PostgresPool): typeof pg {
  const real = pool.driverPool;
  const shared = {
    connect: real.connect.bind(real),
    on: real.on.bind(real),
    removeListener: real.removeListener.bind(real),
    end: (done?: () => void): void => done?.(),
  };
  function Pool(): typeof shared {
    return shared;
  }
  return { ...pg, Pool } as unknown as typeof pg;
}
