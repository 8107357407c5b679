import type { PostgresPool } from '@mystocks/connection-pool';
import { describe, expect, it } from '@jest/globals';
import { barWindow } from '../stored/bar-window.js';
import { PostgresBarsRepository } from './postgres-bars.repository.js';

/** Names of the statements that a page of minutes is read with; each answers `rows`. */
async function statementsOf(start: string, rows: readonly { readonly partial: boolean }[]): Promise<string[]> {
  const names: string[] = [];
  const query = ({ name }: { readonly name: string }) => {
    names.push(name);
    return Promise.resolve({ rows });
  };
  const ask = { timeframe: '1Min', adjustment: 'raw', sort: 'asc', limit: 240 } as const;
  const repository = new PostgresBarsRepository({ query } as unknown as PostgresPool);
  await repository.page({ ...ask, window: barWindow({ ...ask, start }, undefined), instruments: [] });
  return names;
}

describe('a page of minutes in PostgreSQL', () => {
  const [one, several] = ['bars-minute-one-raw-asc', 'bars-minute-several-raw-asc'];

  it('a page of minutes in PostgreSQL is read with one statement where the opening auction has no row in it, or nothing is stored', async () => {
    expect(await statementsOf('2024-06-14', [{ partial: false }])).toEqual([one]);
    expect(await statementsOf('2024-06-14', [])).toEqual([one]);
  });

  it('a page of minutes in PostgreSQL is read again where the auction has a row, and joined at once where it begins after such a row', async () => {
    expect(await statementsOf('2024-06-14', [{ partial: true }])).toEqual([one, several]);
    expect(await statementsOf('2024-06-14T09:30:00+08:00', [{ partial: false }])).toEqual([several]);
  });
});
