import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { fixedNames, sql, TdenginePool } from '@mystocks/connection-pool';
import { realTdengineUrl, startTdengineStandIn, waitFor, type TdengineStandIn } from '@mystocks/testing';
import { itIsATier, type Stall, type TierUnderTest } from '@mystocks/tiered-cache/conformance';
import { DATABASE } from './tdengine-schema.js';
import { TdengineTier } from './tdengine-tier.js';

/** Two cores are shared with the server: what is tried here is what happens, not how fast. */
const DEADLINE_MS = 2_000;

const made: string[] = [];

async function removeFrom(url: string): Promise<void> {
  const limits = { size: 1, overflow: 0, acquireTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
  const pool = new TdenginePool({ name: 'removal', url, database: DATABASE, ...limits });
  for (const name of made) await pool.query(sql`DROP DATABASE IF EXISTS ${fixedNames(name)(name)}`);
  await pool.close();
}

function underTest(urlOf: () => string, stall?: () => Stall): TierUnderTest {
  let database = '';
  const openSecond = async (): Promise<TdengineTier> => {
    const tier = new TdengineTier({ url: urlOf(), database, deadlineMs: DEADLINE_MS });
    await waitFor(() => tier.serving, { timeoutMs: 20_000, what: 'TDengine' });
    return tier;
  };
  const open = (): Promise<TdengineTier> => {
    // Each a store of its own: what one clears, others keep nothing of for a second.
    database = `cache_${randomBytes(6).toString('hex')}`;
    made.push(database);
    return openSecond();
  };
  return { open, openSecond, leases: 'of-one-opening', ...(stall === undefined ? {} : { stall }) };
}

let standIn: TdengineStandIn;
beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());

function stall(): Stall {
  standIn.forget();
  standIn.fault({ kind: 'held' });
  return {
    sent: () => standIn.statements.filter((statement) => !statement.startsWith('SELECT SERVER_STATUS')).length,
    end: () => {
      standIn.heal();
    },
  };
}

itIsATier(
  'TdengineTier on the stand-in',
  underTest(() => standIn.url, stall),
);

const url = realTdengineUrl();
if (url === undefined) {
  describe('TdengineTier on a real TDengine', () => {
    it.skip('TdengineTier on a real TDengine is not tried: TDENGINE_URL is not set (http://user:password@host:6041)', () =>
      undefined);
  });
} else {
  itIsATier(
    'TdengineTier on a real TDengine',
    underTest(() => url),
  );
  afterAll(() => removeFrom(url));
}
