import { connect } from 'node:net';

/**
 * Opens a loopback connection, says `words` and gives back what came once `enough` of it did.
 * Enough for a readiness probe of a line protocol; no client library.
 */
export async function ask(port: number, words: string, enough: (received: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let received = '';
    const finish = (end: () => void): void => {
      socket.destroy();
      end();
    };
    socket.setTimeout(1_000, () => finish(() => reject(new Error('no answer in 1 s'))));
    socket.once('error', (error) => finish(() => reject(error)));
    socket.once('close', () => reject(new Error(`closed after: ${received.slice(0, 200)}`)));
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      if (enough(received)) finish(() => resolve(received));
    });
    socket.write(words);
  });
}
