import { log } from '@mystocks/telemetry';
import type { Budget } from '../../pool/connector.js';
import { BudgetSession, type Fleet } from './budget-session.js';

export interface FleetBudgetOptions {
  readonly url: string;
  /** The name of the pool that it is for. */
  readonly name: string;
  /** Number of connections to the server of all services together; by default what the server allows, less 10. */
  readonly budget?: number | undefined;
  readonly beside: number;
}

interface PermitRequest {
  readonly resolve: (granted: boolean) => void;
  readonly reject: (error: unknown) => void;
}
type Requests = Record<'kept' | 'overflow', PermitRequest[]>;

const RETRY_MS = 1_000;
const COUNT_EVERY_MS = 500;

/**
 * One instance's part of the connections that a server can carry: a pool takes a permit here before it opens a connection.
 * However many instances run, all their connections together stay within the budget. An instance may have more than its
 * share as long as no instance with less is short of permits. When its session is lost, the budget takes its permits
 * again before it lets the pool grow.
 */
export class FleetBudget implements Budget {
  readonly #requests: Requests = { kept: [], overflow: [] };
  #session: BudgetSession | undefined;
  /** Number of permits that the pool has. */
  #used = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #isCountDue = true;
  #hasRoom = true;
  #retry: NodeJS.Timeout | undefined;
  /** When the server last had fewer permits than were requested. */
  #refusedAt = -Infinity;
  #fleet: Fleet = { instances: 1, hungry: 0 };
  #shrink: (count: number) => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: FleetBudgetOptions) {
    this.#timer = setInterval(() => {
      this.#isCountDue = true;
      if (this.#session !== undefined) this.#run();
    }, COUNT_EVERY_MS).unref();
  }

  onExcess(shrink: (count: number) => void): void {
    this.#shrink = shrink;
  }

  take(use: 'kept' | 'overflow'): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#requests[use].push({ resolve, reject });
      this.#run();
    });
  }

  give(): void {
    this.#used -= 1;
    this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    await this.#running;
    await this.#session?.close();
  }

  /** Serves the requests that are there now, one round at a time; another round follows if more came meanwhile. */
  #run(): void {
    if (this.#isClosed) return;
    this.#running ??= this.#serveRequests().finally(() => {
      this.#running = undefined;
      const { kept, overflow } = this.#requests;
      if (kept.length + overflow.length > 0 || (this.#session?.held ?? 0) > this.#used) this.#run();
    });
  }

  async #serveRequests(): Promise<void> {
    // Requests of the same turn of the event loop are served together.
    await Promise.resolve();
    const requests = { kept: this.#requests.kept.splice(0), overflow: this.#requests.overflow.splice(0) };
    const hadSession = this.#session !== undefined;
    try {
      // The session may have died unnoticed; then the requests are served again over a new one.
      await this.#serve(requests).catch((error: unknown) => {
        if (!hadSession) throw error;
        return this.#serve(requests);
      });
    } catch (error) {
      for (const { reject } of [...requests.kept, ...requests.overflow]) reject(error);
      if (this.#used === 0) return;
      log.warn({ pool: this.options.name, err: error }, 'the budget of a database server cannot be asked');
      this.#retryLater();
    }
  }

  async #serve({ kept, overflow }: Requests): Promise<void> {
    try {
      this.#session ??= await this.#open();
      const session = this.#session;
      this.#logRoom(session !== undefined);
      if (session === undefined) {
        // Without a budget session the pool holds no permits for its open connections.
        if (this.#used > 0) this.#retryLater();
        for (const { resolve } of [...kept, ...overflow]) resolve(false);
        return;
      }
      if (this.#isCountDue) await this.#countInstances(session);
      const { pooled, headroom } = session.limits;
      await this.#grant(session, kept, pooled);
      await this.#grant(session, overflow, pooled - headroom);
      if (session.held > this.#used) await session.give(session.held - this.#used);
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #countInstances(session: BudgetSession): Promise<void> {
    this.#isCountDue = false;
    // A pool with waiting borrowers asks several times between two counts, so no borrower waits for a permit any more.
    if (performance.now() - this.#refusedAt > COUNT_EVERY_MS) await session.setHungry(false);
    this.#fleet = await session.countInstances();
    const excess = this.#fleet.hungry > 0 ? this.#used - this.#shareOf(session) : 0;
    this.#shrink(Math.max(0, excess));
  }

  #shareOf(session: BudgetSession): number {
    return Math.max(1, Math.floor(session.limits.pooled / this.#fleet.instances));
  }

  async #grant(session: BudgetSession, requests: PermitRequest[], among: number): Promise<void> {
    const share = this.#shareOf(session);
    const most = this.#fleet.hungry > 0 ? Math.max(share, this.#used) : Infinity;
    const missing = Math.min(this.#used + requests.length, most) - session.held;
    if (missing > 0) await session.take(missing, among);
    const isRefused = this.#used + requests.length > session.held;
    if (isRefused) this.#refusedAt = performance.now();
    if (requests.length > 0) await session.setHungry(isRefused && session.held < share);
    for (const { resolve } of requests.splice(0)) {
      const granted = session.held > this.#used;
      if (granted) this.#used += 1;
      resolve(granted);
    }
  }

  async #open(): Promise<BudgetSession | undefined> {
    const lost = (): void => {
      if (this.#session !== opened) return;
      this.#session = undefined;
      // The server has released the permits, and other instances could take them while the connections are still open.
      if (this.#used > 0) this.#run();
    };
    const opened = await BudgetSession.open({ ...this.options, lost });
    return opened;
  }

  /** Logs when the budget has no room for this instance, which then gets no connections: too many instances run. */
  #logRoom(hasRoom: boolean): void {
    if (hasRoom === this.#hasRoom) return;
    this.#hasRoom = hasRoom;
    const { name: pool, budget } = this.options;
    if (hasRoom) log.info({ pool }, 'the budget of a database server has room for this instance again');
    else
      log.warn(
        { pool, budget },
        'the budget of a database server has no room for this instance: it gets no connection',
      );
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (this.#used > 0) this.#run();
    }, RETRY_MS).unref();
  }
}
