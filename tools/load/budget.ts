import type { PostgresServer } from '@mystocks/testing';
import type { WatchedServer } from './watch.ts';

/** Of deploy/postgres/postgresql.conf. */
const SUPERUSER_RESERVED = 5;

/** The servers of a house, each with what the services may have open there together. */
export const watchedServers = (postgres: PostgresServer, maxConnections: number): WatchedServer[] =>
  [postgres, ...postgres.replicas].map(({ superuserUrl }, index) => ({
    name: index === 0 ? 'primary' : `replica ${String(index)}`,
    superuserUrl,
    budget: maxConnections - SUPERUSER_RESERVED,
  }));
