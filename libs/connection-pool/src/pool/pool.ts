import { metrics } from '@mystocks/telemetry';
import { Borrower } from './checkouts/borrower.js';
import { TrackedCheckout, type Checkout, type PooledConnection } from './checkouts/checkout.js';
import { LeakWatch } from './checkouts/leak-watch.js';
import { PoolEnded, PoolOverloaded } from './checkouts/pool-errors.js';
import { ConnectionSet } from './connection-set.js';
import type { Connector } from './connector.js';
import { registerPool } from './open-pools.js';
import { withDefaults, type PoolOptions, type PoolStatus, type ResolvedOptions } from './pool-options.js';
import { CheckoutTime } from './queue/checkout-time.js';
import { WaitQueue } from './queue/wait-queue.js';
import type { AcquireCallbacks, AcquireOptions, AcquireRequest, WaitingBorrower } from './queue/waiting-borrower.js';

// A ping costs a round trip, so a connection that was in use a moment ago is assumed alive (500 ms, as in HikariCP).
const PING_AFTER_IDLE_MS = 500;
/** Delay before the budget of the server is asked again after it had no permit left. */
const BUDGET_RETRY_MS = 100;
/** A wait expected to take more than this part of the time left is refused: estimates err, and the work needs time. */
const MAX_WAIT_PART = 0.5;

/**
 * A pool that works as SQLAlchemy's QueuePool: `size` connections are kept, `overflow` more are opened under load and
 * closed when they are checked in to a full pool. Borrowers are served in the order of their requests: a connection that
 * is checked in goes to the first one in the queue. A dead connection is replaced before a borrower gets it.
 */
export class Pool<C> {
  readonly name: string;
  readonly #options: ResolvedOptions;
  readonly #connections: ConnectionSet<C>;
  readonly #checkouts = new Set<TrackedCheckout<C>>();
  readonly #queue: WaitQueue<C>;
  readonly #checkoutTime = new CheckoutTime();
  readonly #leaks: LeakWatch<C>;
  readonly #unregister: () => void;
  readonly #meters;
  readonly #forCheckouts;
  /** The budget had no permit left when it was last asked. */
  #lacksPermits = false;
  #ended: Promise<void> | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(
    options: PoolOptions,
    private readonly connector: Connector<C>,
  ) {
    this.#options = withDefaults(options);
    const { name } = options;
    this.name = name;
    this.#connections = new ConnectionSet(this.#options, connector, () => {
      this.#serve();
    });
    this.#forCheckouts = { name, checkIn: this.#checkIn.bind(this) };
    this.#meters = {
      wait: metrics.poolWait.cell(name),
      timeouts: metrics.poolTimeouts.cell(name),
      shed: metrics.poolShed.cell(name),
      leaks: metrics.poolLeaks.cell(name),
    };
    this.#queue = new WaitQueue(this.#options, this.#meters.timeouts, () => {
      this.#checkEnd();
    });
    this.#leaks = new LeakWatch(this.#options, this.#checkouts, this.#meters.leaks, (checkout) => {
      if (this.#options.reclaimLeaks) this.#reclaim(checkout);
    });
    this.#unregister = registerPool(this);
  }

  /**
   * Checks a connection out. Rejects with `PoolTimeout` when none became free in time, at once with `PoolOverloaded` when
   * none is expected to, and with the connector's error when the connection opened for this borrower failed to open.
   */
  acquire(options: AcquireOptions<C> = {}): Promise<Checkout<C>> {
    if (this.#ended !== undefined) return Promise.reject(new PoolEnded(this.name));
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
    const now = performance.now();
    const request = { borrower: new Borrower(Pool.prototype.acquire), options, requestedAt: now };
    const pooled = this.#queue.queued === 0 ? this.#connections.takeIdle(now) : undefined;
    if (pooled !== undefined) {
      if (this.#pingOf(pooled, options, now) === undefined) {
        return Promise.resolve(this.#checkOut(pooled, request, now));
      }
      this.#connections.putIdle(pooled);
    }
    return new Promise((resolve, reject) => {
      this.#enqueue(request, { resolve, reject });
    });
  }

  status(): PoolStatus {
    const { name, role, server, size, overflow } = this.#options;
    const { wait, timeouts, shed, leaks } = this.#meters;
    const { idle, opening } = this.#connections;
    return {
      ...{ name, role: role(), server, size, overflowMax: overflow, wait },
      ...{ idle, opening, inUse: this.#checkouts.size, waiting: this.#queue.size },
      ...{ timeouts: timeouts.count, shed: shed.count, leaks: leaks.count },
    };
  }

  /** Refuses new borrowers, serves those that wait already, waits until all are done, and closes all connections. */
  end(): Promise<void> {
    return (this.#ended ??= new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      this.#serve();
    }));
  }

  #enqueue(request: AcquireRequest<C>, callbacks: AcquireCallbacks<C>): void {
    const leftMs = (request.options.deadlineMs ?? request.borrower.context?.deadlineMs ?? Infinity) - Date.now();
    const expectedMs = this.#expectedWaitMs();
    if (expectedMs > leftMs * MAX_WAIT_PART || this.#queue.queued >= this.#options.waitersMax) {
      this.#meters.shed.count += 1;
      callbacks.reject(new PoolOverloaded(this.name, expectedMs));
      return;
    }
    this.#queue.join(request, this.#checkoutTime.maxWaitMs(leftMs), callbacks);
    this.#serve();
  }

  #expectedWaitMs(): number {
    const { size, idle, hasRoom } = this.#connections;
    if (idle > 0 || (hasRoom && !this.#lacksPermits)) return 0;
    return this.#checkoutTime.expectedWaitMs(this.#queue.queued + 1, size);
  }

  /** Hands idle connections to waiting borrowers, and opens connections for those that are left. */
  #serve(): void {
    const now = performance.now();
    while (this.#queue.queued > 0) {
      const pooled = this.#connections.takeIdle(now);
      const waiting = pooled === undefined ? undefined : this.#queue.next();
      if (pooled === undefined || waiting === undefined) break;
      this.#offer(pooled, waiting, now);
    }
    while (this.#queue.queued > this.#connections.opening && this.#connections.hasRoom && !this.#lacksPermits) {
      const waiting = this.#queue.nextToOpenFor();
      if (waiting === undefined) break;
      void this.#openFor(waiting);
    }
    this.#checkEnd();
  }

  async #openFor(waiting: WaitingBorrower<C>): Promise<void> {
    waiting.hasOpenRequest = true;
    try {
      const pooled = await this.#connections.open();
      if (pooled === undefined) this.#waitForPermits(waiting);
      else this.#place(pooled);
    } catch (error) {
      // The error is for this borrower alone, and only if it was not served meanwhile; the others try for themselves.
      this.#queue.fail(waiting, error);
      this.#serve();
    }
  }

  #waitForPermits(waiting: WaitingBorrower<C>): void {
    waiting.hasOpenRequest = false;
    if (this.#lacksPermits) return;
    this.#lacksPermits = true;
    setTimeout(() => {
      this.#lacksPermits = false;
      this.#serve();
    }, BUDGET_RETRY_MS).unref();
  }

  /** Hands a free connection to the first waiting borrower, or puts it back into the idle list. */
  #place(pooled: PooledConnection<C>): void {
    const now = performance.now();
    if (this.#connections.mustClose(pooled, now)) {
      this.#connections.close(pooled);
      this.#serve();
      return;
    }
    pooled.idleSince = now;
    const first = this.#queue.next();
    if (first !== undefined) this.#offer(pooled, first, now);
    else {
      this.#connections.putIdle(pooled);
      this.#checkEnd();
    }
  }

  #offer(pooled: PooledConnection<C>, waiting: WaitingBorrower<C>, now: number): void {
    const ping = this.#pingOf(pooled, waiting.request.options, now);
    if (ping === undefined) waiting.serve(this.#checkOut(pooled, waiting.request, now));
    else void this.#offerAfterPing(waiting, pooled, ping(pooled.connection));
  }

  async #offerAfterPing(
    waiting: WaitingBorrower<C>,
    pooled: PooledConnection<C>,
    ping: Promise<unknown>,
  ): Promise<void> {
    const { isWanted, failure } = await this.#queue.whilePinging(waiting, ping);
    if (failure === undefined && !pooled.isLost) {
      if (isWanted) waiting.serve(this.#checkOut(pooled, waiting.request, performance.now()));
      else this.#place(pooled);
      return;
    }
    this.#connections.close(pooled);
    // An idle connection may have died unnoticed; when a new one fails, the server itself has a problem.
    if (isWanted && !pooled.isNew) this.#queue.rejoin(waiting);
    else if (isWanted) waiting.fail(failure ?? new Error(`${this.name}: a new connection was lost at once`));
    this.#serve();
  }

  #pingOf(
    pooled: PooledConnection<C>,
    { ping = 'idle' }: AcquireOptions<C>,
    now: number,
  ): ((connection: C) => Promise<unknown>) | undefined {
    if (typeof ping === 'function') return ping;
    if (pooled.isNew || (ping === 'idle' && now - pooled.idleSince < PING_AFTER_IDLE_MS)) return undefined;
    return (connection) => this.connector.ping(connection);
  }

  #checkOut(pooled: PooledConnection<C>, request: AcquireRequest<C>, now: number): Checkout<C> {
    this.#meters.wait.observe((now - request.requestedAt) / 1_000);
    const checkout = new TrackedCheckout(this.#forCheckouts, pooled, request.borrower, now);
    pooled.wasUsed = true;
    pooled.isNew = false;
    this.#checkouts.add(checkout);
    return checkout;
  }

  #checkIn(checkout: TrackedCheckout<C>, broken: boolean): void {
    if (checkout.isReported) this.#leaks.releasedLate(checkout);
    if (!this.#checkouts.delete(checkout)) return;
    if (!checkout.isRenewed) this.#checkoutTime.add(performance.now() - checkout.startedAt);
    if (broken) checkout.pooled.isLost = true;
    this.#place(checkout.pooled);
  }

  #reclaim(checkout: TrackedCheckout<C>): void {
    checkout.reclaim();
    this.#checkouts.delete(checkout);
    this.#connections.close(checkout.pooled);
    this.#serve();
  }

  #checkEnd(): void {
    if (this.#whenEmpty === undefined) return;
    if (this.#queue.size === 0) this.#connections.closeIdle();
    if (this.#queue.size + this.#checkouts.size > 0 || !this.#connections.isEmpty) return;
    this.#queue.stop();
    this.#leaks.stop();
    this.#unregister();
    this.#whenEmpty();
  }
}
