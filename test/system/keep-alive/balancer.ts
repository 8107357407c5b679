import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { sleep, type StartedService } from '@mystocks/testing';

const LOOK_EVERY_MS = 50;

/** The instances behind a balancer: those that said that they are ready when they were asked last. */
export class Instances {
  ready: readonly StartedService[] = [];
  #all: readonly StartedService[] = [];
  #stopped = false;
  #looking: Promise<void> | undefined;

  /** Replaces the list of instances, and from then on asks each of them again and again. */
  async replace(all: readonly StartedService[]): Promise<void> {
    this.#all = all;
    await this.#look();
    this.#looking ??= this.#lookUntilStopped();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #lookUntilStopped(): Promise<void> {
    while (!this.#stopped) {
      await this.#look();
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const all = this.#all;
    const states = await Promise.all(all.map((one) => one.readiness().catch(() => ({ status: 0 }))));
    this.ready = all.filter((_, index) => states[index]?.status === 200);
  }
}

/** Forwards each TCP connection to an instance that is ready, as the service of a cluster does; it reads no HTTP. */
export class Balancer {
  /** Connections that were opened. */
  opened = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly instances: Instances) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#forward(client));
  }

  static async inFrontOf(instances: Instances): Promise<Balancer> {
    const balancer = new Balancer(instances);
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(client: Socket): void {
    const { ready } = this.instances;
    const instance = ready[this.opened % ready.length];
    this.opened += 1;
    if (instance === undefined) {
      client.destroy();
      return;
    }
    const { hostname: host, port } = new URL(instance.url);
    const server = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    client.pipe(server).pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.resetAndDestroy()).once('close', () => this.#sockets.delete(socket));
    }
  }
}
