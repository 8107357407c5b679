import { ServiceSessions } from '@mystocks/testing';

const EVERY_MS = 200;

/** One PostgreSQL server and how many sessions the services may hold there together. */
export interface WatchedServer {
  readonly name: string;
  readonly superuserUrl: string;
  readonly budget: number;
}

export interface ServerPeak {
  readonly name: string;
  readonly budget: number;
  readonly peak: number;
}

/** Looks at every PostgreSQL server five times a second, on sessions of its own. */
export class Watch {
  readonly peaks: ServerPeak[];
  samples = 0;
  readonly #servers: readonly WatchedServer[];
  readonly #sessions: ServiceSessions[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(servers: readonly WatchedServer[]) {
    this.#servers = servers;
    this.peaks = servers.map(({ name, budget }) => ({ name, budget, peak: 0 }));
  }

  async start(): Promise<void> {
    for (const { superuserUrl } of this.#servers) this.#sessions.push(await ServiceSessions.on(superuserUrl));
    this.#timer = setInterval(() => {
      this.#looking = this.#looking
        .then(() => this.#look())
        .catch((error: unknown) => {
          this.#failure ??= error;
        });
    }, EVERY_MS);
  }

  /** Fails when a look failed: then it is unknown whether the budget was kept. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#sessions.map((session) => session.close()));
    if (this.#failure !== undefined) {
      throw new Error('the sessions of a server could not be read', { cause: this.#failure });
    }
  }

  async #look(): Promise<void> {
    const counts = await Promise.all(this.#sessions.map((session) => session.count()));
    this.samples += 1;
    for (const [index, count] of counts.entries()) {
      const known = this.peaks[index];
      if (known !== undefined && count > known.peak) this.peaks[index] = { ...known, peak: count };
    }
  }
}
