import { tradingDays } from '@mystocks/calendar';
import { TdenginePool, type Sql } from '@mystocks/connection-pool';
import { Failure } from '@mystocks/contracts';
import { startTdengineStandIn, type TdengineStandIn } from '@mystocks/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { onPostgres, type TimeseriesStore } from '../../test/timeseries-stores.js';
import { TdengineStore } from '../tdengine/tdengine.store.js';
import { TdengineBarsIngestRepository } from './tdengine/tdengine-bars-ingest.repository.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount';
const DATABASE = 'mystocks';

let standIn: TdengineStandIn;
let room: Ingest;
/** Inserts that succeed before one fails; none fails while it is undefined. */
let insertsLeft: number | undefined;

const failing: TimeseriesStore = {
  name: 'TDengine that fails between two statements',
  open: async (pool, directory) => {
    const limits = { size: 2, overflow: 2, acquireTimeoutMs: 5_000, requestTimeoutMs: 20_000 };
    const tdengine = new TdenginePool({ name: 'spec', url: standIn.url, database: DATABASE, ...limits });
    const query = (statement: Sql): ReturnType<TdenginePool['query']> => {
      if (insertsLeft === undefined || !statement.text.startsWith('INSERT')) return tdengine.query(statement);
      insertsLeft -= 1;
      return insertsLeft < 0 ? Promise.reject(new Failure('unavailable', 'away')) : tdengine.query(statement);
    };
    const store = new TdengineStore({ query } as TdenginePool, DATABASE);
    const barsIngest = new TdengineBarsIngestRepository(directory, store);
    return { ...(await onPostgres.open(pool, directory)), barsIngest, stop: () => tdengine.close() };
  },
};

beforeAll(async () => {
  standIn = await startTdengineStandIn();
  room = await openIngest(failing);
}, 60_000);
afterAll(async () => {
  await room.stop();
  await standIn.stop();
});

describe('a block of more than one statement', () => {
  it('publishes no event when the second statement fails, and all of them when it is sent again', async () => {
    const days = tradingDays('2024-02-01', '2024-04-01').slice(0, 28);
    const lines = Array.from({ length: 500 }, (_, stock) =>
      days.map((day) => `${600_000 + stock},SSE,${day},1234.567891,1234.567891,1234.567891,1234.567891,1234567890,1.5`),
    ).flat();
    const block = request(HEADER, lines.join('\n'));
    await room.bars.ingest(request(HEADER, ''));
    insertsLeft = 1;
    await expect(room.bars.ingest(block)).rejects.toMatchObject({ code: 'unavailable' });
    expect(room.changes()).toEqual([]);
    insertsLeft = undefined;
    expect(await room.bars.ingest(block)).toMatchObject({ inserted: lines.length, updated: 0, unchanged: 0 });
    expect(room.changes()).toHaveLength(500);
    expect(await room.bars.ingest(block)).toMatchObject({ inserted: 0, unchanged: lines.length });
  }, 60_000);
});
