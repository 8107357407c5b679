import { waitFor } from '@mystocks/testing';
import { io, type Socket } from 'socket.io-client';

/** What came in on one event. */
export type Received = Readonly<Record<string, unknown>>;

/** A Socket.IO client that keeps everything it hears. */
export class Client {
  readonly received: { readonly event: string; readonly payload: unknown }[] = [];

  private constructor(readonly socket: Socket) {
    socket.onAny((event: string, payload: unknown) => {
      this.received.push({ event, payload });
    });
  }

  /** Connects, or throws the server's refusal. */
  static async open(url: string, auth: object, options: object = {}): Promise<Client> {
    const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true, ...options });
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return client;
  }

  async ask(event: string, payload?: unknown): Promise<Received> {
    return (await this.socket.timeout(5_000).emitWithAck(event, payload)) as Received;
  }

  of(event: string): Received[] {
    return this.received.filter((one) => one.event === event).map(({ payload }) => payload as Received);
  }

  /** All values of `data`, in order. */
  items(): { ch: string; o: number; d: { last?: number; c?: number } }[] {
    return this.of('data').flatMap((batch) => batch as unknown as ReturnType<Client['items']>);
  }

  async until<T>(look: () => T, what: string, timeoutMs = 5_000): Promise<T> {
    return waitFor(look, { timeoutMs, what });
  }

  close(): void {
    this.socket.disconnect();
  }
}
