import type { Cell } from './cells.js';
import type { Column, TableName } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

/** A super table: the shape of its child tables. */
export interface Stable {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly tags: readonly Column[];
}

/** A child table; its rows by their timestamp, which is their key. */
export class ChildTable {
  readonly #rows = new Map<number, Cell[]>();
  #sorted: Cell[][] | undefined;

  constructor(
    readonly name: string,
    readonly stable: Stable,
    readonly tags: readonly Cell[],
  ) {}

  get(key: number): Cell[] | undefined {
    return this.#rows.get(key);
  }

  set(key: number, row: Cell[]): void {
    this.#rows.set(key, row);
    this.#sorted = undefined;
  }

  delete(key: number): void {
    this.#rows.delete(key);
    this.#sorted = undefined;
  }

  /** In the order of time. */
  rows(): readonly Cell[][] {
    return (this.#sorted ??= [...this.#rows].sort(([a], [b]) => a - b).map(([, row]) => row));
  }
}

export class TaosDatabase {
  readonly stables = new Map<string, Stable>();
  readonly children = new Map<string, ChildTable>();

  constructor(readonly keepDays: number) {}
}

/** Every database of a server. */
export class Catalog {
  readonly databases = new Map<string, TaosDatabase>();

  /** The database of a table: the one it names, else the one in use. */
  of(table: TableName, inUse: string | undefined): TaosDatabase {
    const name = table.database ?? inUse;
    if (name === undefined) throw new TaosError('databaseNotSpecified', 'Database not specified');
    return this.database(name);
  }

  database(name: string): TaosDatabase {
    const database = this.databases.get(name);
    if (database === undefined) throw new TaosError('databaseNotExist', 'Database not exist');
    return database;
  }
}
