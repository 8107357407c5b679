import { connect, createServer, type Server, type Socket } from 'node:net';
import { sleep } from '../process/wait-for.js';

type Fault =
  { readonly kind: 'pass' } | { readonly kind: 'latency'; readonly ms: number } | { readonly kind: 'blackhole' };

/**
 * A TCP proxy on loopback that can spoil the connection between a client and a server: point the client at `port`.
 * A fault holds for connections that are open and for new ones, until the next one.
 */
export class FaultProxy {
  #fault: Fault = { kind: 'pass' };
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  #server: Server | undefined;
  #port = 0;

  private constructor(private readonly targetPort: number) {}

  /** A proxy on a free port in front of the loopback port `targetPort`. */
  static async inFrontOf(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    await proxy.#listen(0);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** No fault (any more); listens again after `down()`. */
  async pass(): Promise<void> {
    this.#change({ kind: 'pass' });
    if (this.#server === undefined) await this.#listen(this.#port);
  }

  /** Every piece of data, in both directions, arrives `ms` later. */
  latency(ms: number): void {
    this.#change({ kind: 'latency', ms });
  }

  /** Connections stay open and open anew, and not a byte passes: a partition. What was sent meanwhile arrives after `pass()`. */
  blackhole(): void {
    this.#change({ kind: 'blackhole' });
  }

  /** Cuts every open connection with RST; new ones pass. */
  reset(): void {
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Cuts every open connection and refuses new ones. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    this.reset();
    await closed;
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.down();
  }

  #change(fault: Fault): void {
    this.#fault = fault;
    for (const pair of this.#pairs)
      for (const socket of pair) {
        if (fault.kind === 'blackhole') socket.pause();
        else socket.resume();
      }
  }

  async #listen(port: number): Promise<void> {
    const server = createServer((client) => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1' });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#pipe(client, server);
    this.#pipe(server, client);
    client.once('close', () => {
      this.#pairs.delete(pair);
      server.destroy();
    });
    server.once('close', () => client.destroy());
    if (this.#fault.kind === 'blackhole') for (const socket of pair) socket.pause();
  }

  // One chain a direction: pieces keep their order however the latency changes.
  #pipe(from: Socket, to: Socket): void {
    let last = Promise.resolve();
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    const later = (work: () => void): void => {
      const fault = this.#fault;
      const dueMs = fault.kind === 'latency' ? Date.now() + fault.ms : 0;
      last = last.then(async () => {
        if (dueMs > 0) await sleep(Math.max(0, dueMs - Date.now()));
        if (!to.destroyed) work();
      });
    };
    from.on('data', (piece: Buffer) => {
      if (this.#fault.kind === 'latency') later(() => to.write(piece));
      else void (last = last.then(() => void to.write(piece)));
    });
    from.on('end', () => later(() => to.end()));
  }
}
