export { runMigrations, type MigrateOptions } from './migrate.js';
export { PostgresModule, type PostgresModuleOptions } from './postgres/postgres.module.js';
export { PostgresPool, type PostgresPoolOptions } from './postgres/postgres.pool.js';
export type { Queryable, ReadOptions, Rows, Statement, WriteOptions, WritingClient, Written } from './postgres/queryable.js';
export { TypeOrm, type TypeOrmOptions } from './type-orm.js';
export type { Repository } from 'typeorm';
