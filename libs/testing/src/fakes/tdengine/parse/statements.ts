import type { ColumnType } from './column-types.js';

export interface TableName {
  readonly database: string | undefined;
  readonly name: string;
}

export type Literal =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Rows for one child table. */
export interface InsertPart {
  readonly table: TableName;
  readonly using:
    | { readonly stable: TableName; readonly names: readonly string[] | undefined; readonly tags: readonly Literal[] }
    | undefined;
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly Literal[])[];
}

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly column: string; readonly by: Comparison; readonly literal: Literal }
  | { readonly kind: 'in'; readonly column: string; readonly literals: readonly Literal[] }
  | { readonly kind: 'like'; readonly column: string; readonly pattern: string }
  | { readonly kind: 'null'; readonly column: string };

export const aggregates = ['count', 'min', 'max', 'sum', 'first', 'last', 'last_row'] as const;
export type Aggregate = (typeof aggregates)[number];

/** What a SELECT asks for; `column` undefined is `*`. */
export interface SelectItem {
  readonly aggregate: Aggregate | undefined;
  readonly column: string | undefined;
  readonly name: string;
}

export interface SelectStatement {
  readonly kind: 'select';
  readonly items: readonly SelectItem[];
  readonly table: TableName;
  readonly where: Condition | undefined;
  readonly partition: readonly string[];
  readonly order: readonly { readonly column: string; readonly descending: boolean }[];
  readonly limit: number | undefined;
  readonly offset: number;
}

export type Statement =
  | {
      readonly kind: 'create-database';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly keepDays: number;
    }
  | { readonly kind: 'drop-database'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'use'; readonly name: string }
  | {
      readonly kind: 'create-stable';
      readonly table: TableName;
      readonly ifNotExists: boolean;
      readonly columns: readonly Column[];
      readonly tags: readonly Column[];
    }
  | { readonly kind: 'insert'; readonly parts: readonly InsertPart[] }
  | { readonly kind: 'delete'; readonly table: TableName; readonly where: Condition | undefined }
  | { readonly kind: 'question'; readonly what: 'server_status' | 'server_version' }
  | { readonly kind: 'constant'; readonly value: bigint }
  | SelectStatement;
