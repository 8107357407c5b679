import { log } from '@mystocks/telemetry';
import type { Budget } from '../../pool/connector.js';
import { BudgetSession, type Fleet } from './budget-session.js';

export interface FleetBudgetOptions {
  readonly url: string;
  /** Of the pool it is for. */
  readonly name: string;
  /** Connections to the server that all services have together; by default what the server allows, less 10. */
  readonly budget?: number | undefined;
  readonly beside: number;
}

interface Want {
  readonly resolve: (granted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const RETRY_MS = 1_000;

const LOOK_EVERY_MS = 500;

/**
 * One instance's part of what a server can carry: a pool asks here before it opens a connection. However many
 * instances run, their connections together stay below the budget. An instance may have more than its share as long as
 * nobody with less goes hungry. When its session is lost it takes its rights again before it lets the pool grow.
 */
export class FleetBudget implements Budget {
  readonly #wants: Record<'kept' | 'overflow', Want[]> = { kept: [], overflow: [] };
  #session: BudgetSession | undefined;
  /** Rights given to the pool and not yet back. */
  #used = 0;
  #turning: Promise<void> | undefined;
  #isClosed = false;
  #isLookDue = true;
  #hasRoom = true;
  #later: NodeJS.Timeout | undefined;
  /** When the server had less than was wanted. */
  #refusedAt = -Infinity;
  #fleet: Fleet = { instances: 1, hungry: 0 };
  #shrink: (count: number) => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: FleetBudgetOptions) {
    this.#timer = setInterval(() => {
      this.#isLookDue = true;
      if (this.#session !== undefined) this.#turn();
    }, LOOK_EVERY_MS).unref();
  }

  onExcess(shrink: (count: number) => void): void {
    this.#shrink = shrink;
  }

  take(use: 'kept' | 'overflow'): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#wants[use].push({ resolve, reject });
      this.#turn();
    });
  }

  give(): void {
    this.#used -= 1;
    this.#turn();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#later);
    await this.#turning;
    await this.#session?.close();
  }

  /** Asks the server for everybody who came meanwhile, one question at a time. */
  #turn(): void {
    if (this.#isClosed) return;
    this.#turning ??= this.#settle().finally(() => {
      this.#turning = undefined;
      const { kept, overflow } = this.#wants;
      if (kept.length + overflow.length > 0 || (this.#session?.held ?? 0) > this.#used) this.#turn();
    });
  }

  async #settle(): Promise<void> {
    // Those of the same turn of the event loop are asked for together.
    await Promise.resolve();
    const wants = { kept: this.#wants.kept.splice(0), overflow: this.#wants.overflow.splice(0) };
    const hadSession = this.#session !== undefined;
    try {
      // A session may have died unseen: then once more over a new one.
      await this.#ask(wants).catch((error: unknown) => (hadSession ? this.#ask(wants) : Promise.reject(error)));
    } catch (error) {
      for (const { reject } of [...wants.kept, ...wants.overflow]) reject(error);
      if (this.#used > 0) this.#restoreLater(error);
    }
  }

  async #ask({ kept, overflow }: Record<'kept' | 'overflow', Want[]>): Promise<void> {
    try {
      this.#session ??= await this.#open();
      const session = this.#session;
      this.#tellRoom(session !== undefined);
      if (session === undefined) {
        // What the pool still has open is nobody's right any more.
        if (this.#used > 0) this.#turnLater();
        for (const { resolve } of [...kept, ...overflow]) resolve(false);
        return;
      }
      if (this.#isLookDue) await this.#look(session);
      const { pooled, headroom } = session.shares;
      await this.#grant(session, kept, pooled);
      await this.#grant(session, overflow, pooled - headroom);
      if (session.held > this.#used) await session.give(session.held - this.#used);
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #look(session: BudgetSession): Promise<void> {
    this.#isLookDue = false;
    // Whoever asked for it has given up: a pool with borrowers that wait asks several times between two looks.
    if (performance.now() - this.#refusedAt > LOOK_EVERY_MS) await session.say('fed');
    this.#fleet = await session.look();
    const excess = this.#fleet.hungry > 0 ? this.#used - this.#shareOf(session) : 0;
    this.#shrink(Math.max(0, excess));
  }

  #shareOf(session: BudgetSession): number {
    return Math.max(1, Math.floor(session.shares.pooled / this.#fleet.instances));
  }

  async #grant(session: BudgetSession, wants: Want[], among: number): Promise<void> {
    const share = this.#shareOf(session);
    const most = this.#fleet.hungry > 0 ? Math.max(share, this.#used) : Infinity;
    const missing = Math.min(this.#used + wants.length, most) - session.held;
    if (missing > 0) await session.take(missing, among);
    const isRefused = this.#used + wants.length > session.held;
    if (isRefused) this.#refusedAt = performance.now();
    if (wants.length > 0) await session.say(isRefused && session.held < share ? 'hungry' : 'fed');
    for (const { resolve } of wants.splice(0)) {
      const granted = session.held > this.#used;
      if (granted) this.#used += 1;
      resolve(granted);
    }
  }

  async #open(): Promise<BudgetSession | undefined> {
    const lost = (): void => {
      if (this.#session !== opened) return;
      this.#session = undefined;
      // Others could take the rights of connections that are still open.
      if (this.#used > 0) this.#turn();
    };
    const opened = await BudgetSession.open({ ...this.options, lost });
    return opened;
  }

  /** Instances that find no room wait in vain: whoever runs too many of them should read why. */
  #tellRoom(hasRoom: boolean): void {
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

  #restoreLater(error: unknown): void {
    log.warn({ pool: this.options.name, err: error }, 'the budget of a database server cannot be asked');
    this.#turnLater();
  }

  #turnLater(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      if (this.#used > 0) this.#turn();
    }, RETRY_MS).unref();
  }
}
