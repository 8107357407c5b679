export { runMigrations, type MigrateOptions } from './type-orm/migrate.js';
export { poolStates } from './pool/pool-states.js';
export { Pool } from './pool/pool.js';
export { PgConnector } from './postgres/connections/pg-connector.js';
export { PgPool } from './postgres/pg-pool/pg-pool.js';
export { PostgresModule, type PostgresModuleOptions } from './postgres/postgres.module.js';
export { PostgresPool, type PostgresPoolOptions } from './postgres/postgres.pool.js';
export type {
  Queryable,
  ReadOptions,
  Rows,
  Statement,
  WriteOptions,
  WritingClient,
  Written,
} from './postgres/connections/queryable.js';
export { createWhenReady } from './tdengine/create-when-ready.js';
export { insertStatements, type TableRows } from './tdengine/insert-statements.js';
export { childTables, fixedNames, hashedTables, joinSql, literal, sql, type Sql } from './tdengine/literal.js';
export type { TdengineAnswer, TdengineValue } from './tdengine/tdengine-answer.js';
export { TdengineModule } from './tdengine/tdengine.module.js';
export { TdenginePool, type TdenginePoolOptions } from './tdengine/tdengine.pool.js';
export { TypeOrm, type TypeOrmOptions } from './type-orm/type-orm.js';
export type { Repository } from 'typeorm';
