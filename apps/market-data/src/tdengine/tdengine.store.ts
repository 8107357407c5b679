import { TdenginePool, type Sql, type TdengineAnswer, type TdengineValue } from '@mystocks/connection-pool';
import { schemaStatements } from './tdengine-schema.js';

/** Values in the order of the columns asked for. */
export type Row = TdengineAnswer['rows'][number];
export type Value = TdengineValue;

/** TDengine with the tables of MyStocks in it: they are made before the first statement, again later when that failed. */
export class TdengineStore {
  #ready: Promise<void> | undefined;

  constructor(
    private readonly pool: TdenginePool,
    private readonly database: string,
  ) {}

  async query(statement: Sql): Promise<readonly Row[]> {
    await this.prepare();
    return (await this.pool.query(statement)).rows;
  }

  /** Makes the tables that are missing; many may do so at the same time. */
  prepare(): Promise<void> {
    return (this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    }));
  }

  /** For readiness: the server is well and has the tables. */
  check(): { readonly name: 'tdengine'; readonly probe: () => Promise<void> } {
    const { name, probe } = this.pool.check();
    return {
      name,
      probe: async () => {
        await probe();
        await this.prepare();
      },
    };
  }

  async #prepare(): Promise<void> {
    for (const statement of schemaStatements(this.database)) await this.pool.query(statement);
  }
}
