import type pg from 'pg';
import { log } from '@mystocks/telemetry';
import type { Lease } from '../../pool/checkouts/checkout.js';

export type Returned = (error: Error | boolean | undefined, client: pg.PoolClient) => void;

const IDLE = 'I';

/** A lease as pg lends it: the client itself, with a `release` that is good for one time. */
export function pgClient(lease: Lease<pg.Client>, leave: string | undefined, returned: Returned): pg.PoolClient {
  const client = lease.connection as pg.PoolClient;
  let isReleased = false;
  client.release = (error) => {
    if (isReleased) throw new Error('Release called on client which has already been released to the pool.');
    isReleased = true;
    returned(error, client);
    giveBack(lease, client, { leave, isBroken: error !== undefined && error !== false });
  };
  return client;
}

/** Gives the connection back as nobody's: without an open transaction, and in the state that `leave` brings about. */
export function giveBack(
  lease: Lease<pg.Client>,
  client: pg.Client,
  how: { readonly leave: string | undefined; readonly isBroken: boolean },
): void {
  const { leave, isBroken } = how;
  const isOpen = client.getTransactionStatus() !== IDLE;
  if (isBroken || (!isOpen && leave === undefined)) lease.release(isBroken);
  else void setBack(client, [isOpen ? 'ROLLBACK' : '', leave ?? ''].join(';'), lease);
}

async function setBack(client: pg.Client, statement: string, lease: Lease<pg.Client>): Promise<void> {
  const isBroken = await client.query(statement).then(
    () => false,
    (error: unknown) => {
      log.warn({ err: error }, 'a connection could not be set back for the next borrower; it is closed');
      return true;
    },
  );
  lease.release(isBroken);
}
