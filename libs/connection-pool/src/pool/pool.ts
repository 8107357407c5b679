import { metrics } from '@mystocks/telemetry';
import { Borrower } from './checkouts/borrower.js';
import type { Connector } from './connector.js';
import { LeakWatch } from './checkouts/leak-watch.js';
import { Line } from './queue/wait-queue.js';
import { Loan, type Lease, type Member } from './checkouts/checkout.js';
import { enlist } from './open-pools.js';
import { PoolEnded, PoolOverloaded } from './checkouts/pool-errors.js';
import { settle, type PoolOptions, type PoolStatus, type Settled } from './pool-options.js';
import { Stock } from './connection-set.js';
import { UseTime } from './queue/checkout-time.js';
import type { AcquireOptions, Asking, Ending, Waiting } from './queue/waiting-borrower.js';

// A ping costs a round trip: one that was in use a moment ago is believed alive (HikariCP believes for 500 ms).
const PING_AFTER_IDLE_MS = 500;
/** How soon the budget of the server is asked again after it had no right left. */
const BUDGET_RETRY_MS = 100;
/** A forecast errs, and an answer has a way back: a wait that takes more than this part of the time left is not begun. */
const FORESEEN_PART = 0.5;

/**
 * Lends connections as SQLAlchemy's QueuePool does: `size` are kept, `overflow` more are opened under load and closed
 * when they come back to a pool that is full; who asks first is served first, and a connection that comes back goes
 * straight to the first who waits. One that died is replaced before it is lent.
 */
export class Pool<C> {
  readonly name: string;
  readonly #options: Settled;
  readonly #stock: Stock<C>;
  readonly #loans = new Set<Loan<C>>();
  readonly #line: Line<C>;
  readonly #useTime = new UseTime();
  readonly #leaks: LeakWatch<C>;
  readonly #delist: () => void;
  readonly #meters;
  readonly #owner;
  /** The budget had no right left when it was asked last. */
  #isShort = false;
  #ended: Promise<void> | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(
    options: PoolOptions,
    private readonly connector: Connector<C>,
  ) {
    this.#options = settle(options);
    const { name } = options;
    this.name = name;
    this.#stock = new Stock(this.#options, connector, () => {
      this.#serve();
    });
    this.#owner = { name, giveBack: this.#giveBack.bind(this) };
    this.#meters = {
      wait: metrics.poolWait.cell(name),
      timeouts: metrics.poolTimeouts.cell(name),
      shed: metrics.poolShed.cell(name),
      leaks: metrics.poolLeaks.cell(name),
    };
    this.#line = new Line(this.#options, this.#meters.timeouts, () => {
      this.#checkEnd();
    });
    this.#leaks = new LeakWatch(this.#options, this.#loans, this.#meters.leaks, (loan) => {
      if (this.#options.reclaimLeaks) this.#reclaim(loan);
    });
    this.#delist = enlist(this);
  }

  /**
   * Lends a connection. Fails with `PoolTimeout` when none came free in time, with `PoolOverloaded` at once when none
   * would, and with the connector's error when the one that was opened for this borrower could not be opened.
   */
  acquire(options: AcquireOptions<C> = {}): Promise<Lease<C>> {
    if (this.#ended !== undefined) return Promise.reject(new PoolEnded(this.name));
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
    const borrower = new Borrower(Pool.prototype.acquire);
    const now = performance.now();
    const member = this.#line.queued === 0 ? this.#stock.takeIdle(now) : undefined;
    if (member !== undefined) {
      if (this.#pingOf(member, options, now) === undefined) {
        return Promise.resolve(this.#lend(member, { borrower, askedAt: now }, now));
      }
      this.#stock.layDown(member);
    }
    return new Promise((resolve, reject) => {
      this.#enqueue({ borrower, options, askedAt: now }, { resolve, reject });
    });
  }

  status(): PoolStatus {
    const { name, role, server, size, overflow } = this.#options;
    const { wait, timeouts, shed, leaks } = this.#meters;
    const { idle, opening } = this.#stock;
    return {
      ...{ name, role: role(), server, size, overflowMax: overflow, wait },
      ...{ idle, opening, lent: this.#loans.size, waiting: this.#line.size },
      ...{ timeouts: timeouts.count, shed: shed.count, leaks: leaks.count },
    };
  }

  /** Lends nothing to new borrowers, serves those who wait already, waits for what is lent, and closes all. */
  end(): Promise<void> {
    return (this.#ended ??= new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      this.#serve();
    }));
  }

  #enqueue(who: Asking<C>, ending: Ending<C>): void {
    const leftMs = (who.options.deadlineMs ?? who.borrower.context?.deadlineMs ?? Infinity) - Date.now();
    const patienceMs = this.#useTime.patienceMs(leftMs);
    const expectedMs = this.#expectedWaitMs();
    if (expectedMs > leftMs * FORESEEN_PART || this.#line.queued >= this.#options.waitersMax) {
      this.#meters.shed.count += 1;
      ending.reject(new PoolOverloaded(this.name, expectedMs));
      return;
    }
    this.#line.join(who, patienceMs, ending);
    this.#serve();
  }

  #expectedWaitMs(): number {
    const { size, idle, hasRoom } = this.#stock;
    if (idle > 0 || (hasRoom && !this.#isShort)) return 0;
    return this.#useTime.waitMs(this.#line.queued + 1, size);
  }

  /** Brings those who wait and what lies idle together, and opens more where that is not enough. */
  #serve(): void {
    const now = performance.now();
    while (this.#line.queued > 0) {
      const member = this.#stock.takeIdle(now);
      const waiting = member === undefined ? undefined : this.#line.next();
      if (member === undefined || waiting === undefined) break;
      this.#offer(member, waiting, now);
    }
    while (this.#line.queued > this.#stock.opening && this.#stock.hasRoom && !this.#isShort) {
      const waiting = this.#line.asker();
      if (waiting === undefined) break;
      void this.#openFor(waiting);
    }
    this.#checkEnd();
  }

  async #openFor(waiting: Waiting<C>): Promise<void> {
    waiting.hasAsked = true;
    try {
      const member = await this.#stock.open();
      if (member === undefined) this.#runShort(waiting);
      else this.#place(member);
    } catch (error) {
      // Whoever was served meanwhile does not care; the others try for themselves.
      this.#line.fail(waiting, error);
      this.#serve();
    }
  }

  #runShort(waiting: Waiting<C>): void {
    waiting.hasAsked = false;
    if (this.#isShort) return;
    this.#isShort = true;
    setTimeout(() => {
      this.#isShort = false;
      this.#serve();
    }, BUDGET_RETRY_MS).unref();
  }

  /** A connection that is nobody's goes to the first who waits, or lies down. */
  #place(member: Member<C>): void {
    const now = performance.now();
    if (this.#stock.isDone(member, now)) {
      this.#stock.discard(member);
      this.#serve();
      return;
    }
    member.idleSince = now;
    const first = this.#line.next();
    if (first !== undefined) this.#offer(member, first, now);
    else {
      this.#stock.layDown(member);
      this.#checkEnd();
    }
  }

  #offer(member: Member<C>, waiting: Waiting<C>, now: number): void {
    const ping = this.#pingOf(member, waiting.who.options, now);
    if (ping === undefined) waiting.serve(this.#lend(member, waiting.who, now));
    else void this.#tryFor(waiting, member, ping(member.connection));
  }

  async #tryFor(waiting: Waiting<C>, member: Member<C>, ping: Promise<unknown>): Promise<void> {
    const { isWanted, failure } = await this.#line.during(waiting, ping);
    if (failure === undefined && !member.isLost) {
      if (isWanted) waiting.serve(this.#lend(member, waiting.who, performance.now()));
      else this.#place(member);
      return;
    }
    this.#stock.discard(member);
    // One that lay idle may have died unseen; a new one that fails says that the server is not well.
    if (isWanted && !member.isNew) this.#line.rejoin(waiting);
    else if (isWanted) waiting.fail(failure ?? new Error(`${this.name}: a new connection was lost at once`));
    this.#serve();
  }

  #pingOf(
    member: Member<C>,
    { ping = 'idle' }: AcquireOptions<C>,
    now: number,
  ): ((connection: C) => Promise<unknown>) | undefined {
    if (typeof ping === 'function') return ping;
    if (member.isNew || (ping === 'idle' && now - member.idleSince < PING_AFTER_IDLE_MS)) return undefined;
    return (connection) => this.connector.ping(connection);
  }

  #lend(member: Member<C>, who: { readonly borrower: Borrower; readonly askedAt: number }, now: number): Lease<C> {
    this.#meters.wait.observe((now - who.askedAt) / 1_000);
    const loan = new Loan(this.#owner, member, who.borrower, now);
    member.wasLent = true;
    member.isNew = false;
    this.#loans.add(loan);
    return loan;
  }

  #giveBack(loan: Loan<C>, broken: boolean): void {
    if (loan.isReported) this.#leaks.returned(loan);
    if (!this.#loans.delete(loan)) return;
    if (!loan.isRenewed) this.#useTime.add(performance.now() - loan.lentAt);
    if (broken) loan.member.isLost = true;
    this.#place(loan.member);
  }

  #reclaim(loan: Loan<C>): void {
    loan.reclaim();
    this.#loans.delete(loan);
    this.#stock.discard(loan.member);
    this.#serve();
  }

  #checkEnd(): void {
    if (this.#whenEmpty === undefined) return;
    if (this.#line.size === 0) this.#stock.clear();
    if (this.#line.size + this.#loans.size > 0 || !this.#stock.isEmpty) return;
    this.#line.stop();
    this.#leaks.stop();
    this.#delist();
    this.#whenEmpty();
  }
}
