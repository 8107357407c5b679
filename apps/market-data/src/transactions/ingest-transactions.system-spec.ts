import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openIngest, type Ingest } from '../../test/open-ingest.js';

let room: Ingest;
beforeAll(async () => {
  room = await openIngest();
}, 60_000);
afterAll(() => room.stop());

it('lets two transactions that lock each other out both succeed, one after the other', async () => {
  const name = (symbol: string, text: string): string =>
    `UPDATE market_data.instruments SET name = name || '${text}' WHERE symbol = '${symbol}'`;
  await room.pool.write((client) =>
    client.query(`INSERT INTO market_data.instruments (symbol, code, exchange, kind, status, name)
      VALUES ('600000.SH', '600000', 'SSE', 'stock', 'listed', ''), ('600001.SH', '600001', 'SSE', 'stock', 'listed', '')`),
  );
  let arrived = 0;
  let go = (): void => undefined;
  const both = new Promise<void>((resolve) => (go = resolve));
  const straights: boolean[] = [];
  const change = (text: string, first: string, second: string): Promise<unknown> =>
    room.transactions.run(async ({ client, straight }) => {
      straights.push(straight);
      await client.query(name(first, text));
      // Each holds one row before it asks for the other's.
      if (straight && ++arrived === 2) go();
      if (straight) await both;
      await client.query(name(second, text));
    });
  await Promise.all([change('a', '600000.SH', '600001.SH'), change('b', '600001.SH', '600000.SH')]);
  expect(straights).toEqual([true, true, false]);
  const names = await room.rows('SELECT name FROM market_data.instruments ORDER BY symbol');
  expect(names.map((row) => [...String(row['name'])].sort().join(''))).toEqual(['ab', 'ab']);
});
