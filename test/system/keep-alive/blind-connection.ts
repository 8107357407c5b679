import { connect, type Socket } from 'node:net';

const TIMEOUT_MS = 10_000;

/**
 * Keeps one connection and writes its next request into it without looking whether the server has closed it: the least
 * careful way in which clients reuse connections, and the one of java.net.HttpURLConnection, but without its second try.
 * Only an answer with `Connection: close` makes it open a new one. It is for answers with a `Content-Length`.
 */
export class BlindConnection {
  #socket: Socket | undefined;
  readonly #target: URL;
  readonly #request: string;

  constructor(target: URL, headers: Readonly<Record<string, string>>) {
    const lines = Object.entries({ host: target.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#target = target;
    this.#request = `GET ${target.pathname} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  /** Sends one request, reads its answer to the end and resolves with its status. */
  async send(): Promise<number> {
    this.#socket ??= this.#connect();
    try {
      const head = await this.#exchange(this.#socket);
      if (/^connection: close\r?$/im.test(head)) this.close();
      return Number(head.split(' ', 2)[1]);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    // Half-open: otherwise Node would end the socket by itself as soon as the server has, and so would not be blind.
    const socket = connect({ host: this.#target.hostname, port: Number(this.#target.port), allowHalfOpen: true });
    // An error between two requests shows when the next one is written.
    return socket.setNoDelay(true).on('error', () => undefined);
  }

  #exchange(socket: Socket): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      let text = '';
      const onData = (piece: Buffer): void => {
        text += piece.toString('latin1');
        const head = headOfWhole(text);
        if (head !== undefined) settle(() => resolve(head));
      };
      const onClosed = (): void => settle(() => reject(new Error(`the connection ended after ${text.length} bytes`)));
      const settle = (how: () => void): void => {
        socket.off('data', onData).off('end', onClosed).off('close', onClosed).setTimeout(0);
        how();
      };
      socket.on('data', onData).once('end', onClosed).once('close', onClosed);
      socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
      if (socket.readableEnded || socket.destroyed) onClosed();
      else socket.write(this.#request);
    });
  }
}

/** The head of an answer that is there to its last byte. */
function headOfWhole(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
  return text.length >= end + 4 + Number(length) ? head : undefined;
}
