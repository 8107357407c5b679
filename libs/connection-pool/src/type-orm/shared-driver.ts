import pg from 'pg';
import type { PgPool } from '../postgres/pg-pool/pg-pool.js';

/**
 * A `pg` module for the `driver` option of TypeORM 1.1, whose `Pool` uses the connections of `pool` instead of opening its
 * own. When TypeORM is destroyed it ends this pool, which must leave the connections open.
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
