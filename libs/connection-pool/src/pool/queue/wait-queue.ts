import type { CounterCell } from '@mystocks/telemetry';
import { Alarm } from './shared-timer.js';
import { PoolTimeout } from '../checkouts/pool-errors.js';
import { Waiters } from './linked-queue.js';
import { Waiting, type Asking, type Ending } from './waiting-borrower.js';

/** Everybody who waits for a connection of one pool: in the queue, or while one is tried for them. */
export class Line<C> {
  readonly #queue = new Waiters<Waiting<C>>();
  readonly #trying = new Set<Waiting<C>>();
  readonly #alarm = new Alarm(() => this.#expire());
  #turn = 0;

  constructor(
    private readonly pool: { readonly name: string; readonly acquireTimeoutMs: number },
    private readonly timeouts: CounterCell,
    /** Somebody left without a connection. */
    private readonly left: () => void,
  ) {}

  /** Those to whom the next connections go. */
  get queued(): number {
    return this.#queue.size;
  }

  get size(): number {
    return this.#queue.size + this.#trying.size;
  }

  /** Puts a borrower at the end, for no longer than `patienceMs`. */
  join(who: Asking<C>, patienceMs: number, ending: Ending<C>): void {
    const expiresAt = who.askedAt + Math.min(this.pool.acquireTimeoutMs, patienceMs);
    const waiting = new Waiting<C>((this.#turn += 1), who, expiresAt, ending);
    const { signal } = who.options;
    if (signal !== undefined) {
      waiting.onAbort(signal, () => {
        this.#drop(waiting, signal.reason);
      });
    }
    this.#queue.add(waiting);
    this.#alarm.by(expiresAt);
  }

  /** The first of the queue, who leaves it. */
  next(): Waiting<C> | undefined {
    return this.#queue.shift();
  }

  /** The one for whom the next connection should be opened: the first of the queue who has not asked for one yet. */
  asker(): Waiting<C> | undefined {
    for (const waiting of this.#queue) if (!waiting.hasAsked) return waiting;
    return this.#queue.first;
  }

  /** Tries something for one who has left the queue; answers how it went, and whether anybody still waits for it. */
  async during(waiting: Waiting<C>, work: Promise<unknown>): Promise<{ isWanted: boolean; failure: unknown }> {
    this.#trying.add(waiting);
    const failure = await work.then(
      () => undefined,
      (error: unknown) => error ?? new Error('failed without saying why'),
    );
    return { isWanted: this.#trying.delete(waiting), failure };
  }

  /** Back to the place it had. */
  rejoin(waiting: Waiting<C>): void {
    waiting.hasAsked = false;
    this.#queue.add(waiting);
  }

  /** For one who may have ended meanwhile, or have got a connection that is being tried. */
  fail(waiting: Waiting<C>, error: unknown): void {
    if (!waiting.hasEnded && !this.#trying.has(waiting)) this.#drop(waiting, error);
  }

  stop(): void {
    this.#alarm.stop();
  }

  #drop(waiting: Waiting<C>, error: unknown): void {
    if (!this.#trying.delete(waiting)) this.#queue.remove(waiting);
    waiting.fail(error);
    this.left();
  }

  /** Ends those who have waited long enough; answers when the next one will have. */
  #expire(): number {
    const now = performance.now();
    let next = Infinity;
    for (const waiting of [...this.#trying, ...this.#queue]) {
      const { expiresAt, who } = waiting;
      if (expiresAt > now) next = Math.min(next, expiresAt);
      else {
        this.timeouts.count += 1;
        this.#drop(waiting, new PoolTimeout(this.pool.name, now - who.askedAt));
      }
    }
    return next;
  }
}
