import type pg from 'pg';

/** The socket is destroyed when the server has not closed the connection within this time. */
const END_WITHIN_MS = 1_000;

/**
 * Ends a connection: an open transaction is rolled back, and a statement under way is aborted. If the server does not
 * answer, the socket is destroyed; otherwise the end would take as long as TCP keeps retrying.
 */
export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => {
    client.connection.stream.destroy();
  }, END_WITHIN_MS);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
