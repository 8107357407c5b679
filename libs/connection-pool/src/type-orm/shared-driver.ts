import pg from 'pg';
import type { PgPool } from '../postgres/pg-pool/pg-pool.js';

/**
 * A `pg` module for TypeORM whose `Pool` hands out the connections of `pool` instead of opening its own
 * (`driver` option, TypeORM 1.1). TypeORM closes its pool when it is destroyed; the connections are not its to close.
 */
export function sharedDriver(pool: PgPool | pg.Pool): typeof pg {
  const shared = {
    connect: pool.connect.bind(pool),
    on: pool.on.bind(pool),
    removeListener: pool.removeListener.bind(pool),
    end: (done?: () => void): void => done?.(),
  };
  function Pool(): typeof shared {
    return shared;
  }
  return { ...pg, Pool } as unknown as typeof pg;
}
