import type pg from 'pg';
import { log } from '@mystocks/telemetry';
import type { Checkout } from '../../pool/checkouts/checkout.js';

export type Returned = (error: Error | boolean | undefined, client: pg.PoolClient) => void;

const IDLE = 'I';

/** A checkout in the form of pg.Pool: the client itself, with a `release` method that may be called once. */
export function pgClient(
  checkout: Checkout<pg.Client>,
  resetSql: string | undefined,
  returned: Returned,
): pg.PoolClient {
  const client = checkout.connection as pg.PoolClient;
  let isReleased = false;
  client.release = (error) => {
    if (isReleased) throw new Error('Release called on client which has already been released to the pool.');
    isReleased = true;
    returned(error, client);
    checkIn(checkout, client, { resetSql, isBroken: error !== undefined && error !== false });
  };
  return client;
}

/** Checks a connection in after it was reset: an open transaction is rolled back, then `resetSql` is run. */
export function checkIn(
  checkout: Checkout<pg.Client>,
  client: pg.Client,
  how: { readonly resetSql: string | undefined; readonly isBroken: boolean },
): void {
  const { resetSql, isBroken } = how;
  const isOpen = client.getTransactionStatus() !== IDLE;
  if (isBroken || (!isOpen && resetSql === undefined)) checkout.release(isBroken);
  else void reset(client, [isOpen ? 'ROLLBACK' : '', resetSql ?? ''].join(';'), checkout);
}

async function reset(client: pg.Client, statement: string, checkout: Checkout<pg.Client>): Promise<void> {
  const isBroken = await client.query(statement).then(
    () => false,
    (error: unknown) => {
      log.warn({ err: error }, 'a connection could not be reset for the next borrower; it is closed');
      return true;
    },
  );
  checkout.release(isBroken);
}
