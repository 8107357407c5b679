import { DataSource, type MigrationInterface } from 'typeorm';

export interface MigrateOptions {
  /** A role that owns the schema. */
  readonly url: string;
  readonly schema: string;
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** Applies the missing migrations, each in a transaction of its own, and returns their names. */
export async function runMigrations(options: MigrateOptions): Promise<string[]> {
  const source = await new DataSource({
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    applicationName: `migrate ${options.schema}`,
  }).initialize();
  try {
    const applied = await source.runMigrations();
    return applied.map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}
