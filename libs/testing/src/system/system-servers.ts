import { startNats, type NatsServer } from '../servers/nats.js';
import { startPostgres, type PostgresOptions, type PostgresServer } from '../servers/postgres.js';
import { startRedis, type RedisServer } from '../servers/redis.js';
import type { Place, Server } from '../servers/server.js';
import type { SystemSecrets } from './secrets.js';

/** The servers that the services need. */
export interface SystemServers {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
}

interface SystemServerOptions {
  readonly secrets: SystemSecrets;
  /** Where each server listens, keeps its data and logs; by default somewhere temporary. */
  readonly places?: Partial<Record<keyof SystemServers, Place>>;
  readonly postgres?: Omit<PostgresOptions, keyof Place | 'passwords'>;
  /** Called with each server as soon as it answers, so that the caller can stop it even when another one fails. */
  readonly onStarted: (name: string, server: Server) => void;
}

/** Starts NATS, Redis and PostgreSQL at the same time. */
export async function startSystemServers(options: SystemServerOptions): Promise<SystemServers> {
  const { secrets, places = {}, onStarted } = options;
  const noted = async <S extends Server>(name: string, starting: Promise<S>): Promise<S> => {
    const server = await starting;
    onStarted(name, server);
    return server;
  };
  const nats = noted('nats-server', startNats({ ...places.nats, token: secrets.nats_token }));
  const redis = noted('redis-server', startRedis({ ...places.redis, password: secrets.redis_password }));
  const postgres = noted(
    'postgres',
    startPostgres({ ...options.postgres, ...places.postgres, passwords: secrets.postgres }),
  );
  await allStarted([nats, redis, postgres]);
  return { nats: await nats, redis: await redis, postgres: await postgres };
}

/** Waits for all of them, so that what did start is known and can be stopped; then throws the first failure. */
export async function allStarted(starting: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(starting)) if (outcome.status === 'rejected') throw outcome.reason;
}
