import type { OnModuleDestroy } from '@nestjs/common';
import { DataSource, type EntityTarget, type ObjectLiteral, type Repository } from 'typeorm';
import type pg from 'pg';
import type { PgPool } from '../postgres/pg-pool/pg-pool.js';
import { toFailure } from '../postgres/connections/pg-failure.js';
import { sharedDriver } from './shared-driver.js';

export interface TypeOrmOptions {
  readonly url: string;
  readonly schema: string;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- TypeORM's own type of an entity class
  readonly entities: readonly Function[];
}

/**
 * TypeORM over the connections of the service's pool, for code that is not on a hot path. It is initialized at its first
 * use, and again after a failure.
 */
export class TypeOrm implements OnModuleDestroy {
  readonly #open: () => Promise<DataSource>;
  #source: Promise<DataSource> | undefined;

  constructor(pool: { readonly driverPool: PgPool | pg.Pool }, options: TypeOrmOptions) {
    this.#open = () =>
      new DataSource({
        type: 'postgres',
        url: options.url,
        schema: options.schema,
        entities: [...options.entities],
        driver: sharedDriver(pool.driverPool),
        // Extensions are installed by migrations; the role of the application may not install any.
        installExtensions: false,
        synchronize: false,
      }).initialize();
  }

  /** The initialized DataSource. Rejects with a Failure `unavailable` while the database cannot be reached. */
  async dataSource(): Promise<DataSource> {
    const source = (this.#source ??= this.#open());
    try {
      return await source;
    } catch (error) {
      if (this.#source === source) this.#source = undefined;
      throw toFailure(error);
    }
  }

  async repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Promise<Repository<Entity>> {
    return (await this.dataSource()).getRepository(entity);
  }

  async onModuleDestroy(): Promise<void> {
    const source = await this.#source?.catch(() => undefined);
    await source?.destroy();
  }
}
