import type pg from 'pg';

/** A server that does not let go of a connection by then is not asked any longer. */
const PATIENCE_MS = 1_000;

/**
 * Ends a connection: an open transaction is undone, a statement under way is cut off. One to a server that says nothing
 * is cut off too, or its end would be waited for as long as TCP hopes.
 */
export async function endClient(client: pg.Client): Promise<void> {
  const cutOff = setTimeout(() => {
    client.connection.stream.destroy();
  }, PATIENCE_MS);
  try {
    await client.end();
  } finally {
    clearTimeout(cutOff);
  }
}
