import { Failure } from '@mystocks/contracts';
import { withTimeLimit } from '@mystocks/kernel';
import { currentContext, metrics } from '@mystocks/telemetry';
import { FairTurns, type Claimant } from './fair-turns.js';
import { LoginPace, PACE_MS } from './login-pace.js';
import { TurnTimes } from './turn-times.js';

export type WorkKind = 'login' | 'registration';

/** Who asks for a turn, and for what. */
export interface WorkOwner extends Claimant {
  readonly kind: WorkKind;
}

export interface WorkQueueOptions {
  /** Pieces of work under way at the same time. */
  readonly atOnce: number;
  /** The same as long as some are for addresses that have no other turn: those do not wait for the end of another's. */
  readonly atOnceForFresh: number;
}

/** Of four turns for which both kinds wait, three are logins. */
const SHARES: Readonly<Record<WorkKind, number>> = { login: 3, registration: 1 };
const ALL_SHARES = SHARES.login + SHARES.registration;
/** Places that one address, or one account, may have in the queue of a kind; and all of them together. */
const ADDRESS_MAX = 16;
const ACCOUNT_MAX = 8;
const WAITING_MAX = 256;
/** An answer leaves so long before its caller gives up: it still has to travel. */
const WAY_BACK_MS = 100;

interface Place extends WorkOwner {
  readonly begin: () => void;
  readonly refuse: (failure: Failure) => void;
}

interface Lane {
  readonly kind: WorkKind;
  readonly queue: FairTurns<Place>;
  /** Turns had, divided by the share: the lane that is behind comes next (stride scheduling). */
  turnsByShare: number;
}

/**
 * Costly work in fair turns: a flood must not take the machine (ASVS 15.2.2), nor the turns of others. Work is admitted
 * only when it can be finished before its caller's deadline; otherwise it is refused at once, with the time of the next try.
 */
export class WorkQueue {
  readonly #times = new TurnTimes();
  readonly #lanes: Readonly<Record<WorkKind, Lane>> = { login: laneOf('login'), registration: laneOf('registration') };
  readonly #pace = new LoginPace();
  readonly #running = new Set<WorkOwner>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: WorkQueueOptions) {}

  /**
   * Runs `work` when its turn has come. What `work` has not finished 100 ms before the caller's deadline goes on, but its
   * outcome is not known.
   * @throws {Failure} `rate_limited` when the owner's address or account has too many places or its share is used up,
   *   `unavailable` when the service has too much to do, `timeout` when the deadline had passed already
   */
  async run<T>(owner: WorkOwner, work: () => Promise<T>): Promise<T> {
    const deadlineMs = currentContext()?.deadlineMs ?? Infinity;
    const place = await this.#turn(owner, deadlineMs);
    metrics.passwordTurns.cell(owner.kind, 'served').count += 1;
    const counted = owner.kind === 'login' ? () => this.#pace.counting(owner.address, work) : work;
    const running = this.measure(counted).finally(() => {
      this.#running.delete(place);
      this.#startNext();
    });
    return endedBy(deadlineMs - WAY_BACK_MS, running, () => this.#refusal(owner, 'unavailable'));
  }

  /** Runs `work` at once, to learn how long a turn takes. */
  async measure<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#times.add(performance.now() - startedAt);
    }
  }

  /** Resolves when the owner's turn has come. */
  async #turn(owner: WorkOwner, deadlineMs: number): Promise<Place> {
    if (deadlineMs <= Date.now()) throw new Failure('timeout', 'The deadline passed before the work began');
    this.#admit(owner, deadlineMs);
    const lane = this.#lanes[owner.kind];
    const { place, turn } = placeFor(owner);
    const hasTurn = [...this.#running].some(({ address }) => address === owner.address);
    lane.queue.add(place, hasTurn || this.#paceMs(owner) !== undefined);
    this.#startNext();
    // Others may come between after it was admitted.
    await endedBy(deadlineMs - WAY_BACK_MS - this.#times.mostMs, turn, () => {
      lane.queue.remove(place);
      return this.#refusal(owner, this.#hasMore(owner) ? 'rate_limited' : 'unavailable');
    });
    return place;
  }

  /** @throws {Failure} when there is no place for the owner, or not in time */
  #admit(owner: WorkOwner, deadlineMs: number): void {
    const { queue } = this.#lanes[owner.kind];
    if (queue.countOfAddress(owner) >= ADDRESS_MAX) throw this.#refusal(owner, 'rate_limited');
    const waitMs = this.#waitMs(owner);
    // One that need not wait may always try: how long turns take now is learnt from nothing else.
    const takesMs = waitMs === 0 ? 0 : waitMs + this.#times.mostMs;
    if (Date.now() + takesMs > deadlineMs - WAY_BACK_MS)
      throw this.#refusal(owner, this.#hasMore(owner) ? 'rate_limited' : 'unavailable');
    if (queue.countOfAccount(owner) >= ACCOUNT_MAX) this.#makeRoom(owner, 'account', 'rate_limited');
    if (queue.size >= WAITING_MAX) this.#makeRoom(owner, 'all', 'unavailable');
  }

  /** Refuses the one that has used most of the places, which may be the owner. */
  #makeRoom(owner: WorkOwner, within: 'account' | 'all', code: 'rate_limited' | 'unavailable'): void {
    const { queue } = this.#lanes[owner.kind];
    const place = queue.givingWayTo(owner, within);
    if (place === undefined) throw this.#refusal(owner, code);
    queue.remove(place);
    place.refuse(this.#refusal(place, 'rate_limited'));
  }

  readonly #startNext = (): void => {
    for (let place = this.#takeNext(); place !== undefined; place = this.#takeNext()) {
      this.#running.add(place);
      if (place.kind === 'login') this.#pace.begin(place.address);
      place.begin();
    }
    clearTimeout(this.#timer);
    // Otherwise the end of a turn starts the next one.
    if (this.#running.size >= this.options.atOnce) return;
    const waits = [...this.#lanes.login.queue].map((owner) => this.#paceMs(owner) ?? 0);
    if (waits.length > 0) this.#timer = setTimeout(this.#startNext, Math.ceil(Math.min(...waits)));
  };

  /** Takes the next that may begin now out of its queue. */
  #takeNext(): Place | undefined {
    const { atOnce, atOnceForFresh } = this.options;
    if (this.#running.size >= atOnceForFresh) return undefined;
    const onlyFresh = this.#running.size >= atOnce;
    const isHeld = (kind: WorkKind) => (address: string) => (this.#paceMs({ kind, address }) ?? 0) > 0;
    const idle: Lane[] = [];
    for (const lane of Object.values(this.#lanes).sort((one, other) => one.turnsByShare - other.turnsByShare)) {
      const place = lane.queue.take(isHeld(lane.kind), onlyFresh);
      if (place !== undefined) {
        // A lane that had nothing to begin saves up no turns.
        for (const one of idle) one.turnsByShare = lane.turnsByShare;
        lane.turnsByShare += 1 / SHARES[lane.kind];
        return place;
      }
      if (!onlyFresh || lane.queue.size === 0) idle.push(lane);
    }
    return undefined;
  }

  /** How long the address has to wait for its next login because too many failed; undefined when it has no such limit. */
  #paceMs({ kind, address }: Pick<WorkOwner, 'kind' | 'address'>): number | undefined {
    return kind === 'login' ? this.#pace.waitMs(address) : undefined;
  }

  /** Whether the owner's address or account has other places, or a turn, or used up its share. */
  #hasMore(owner: WorkOwner): boolean {
    const { queue } = this.#lanes[owner.kind];
    const isRunning = [...this.#running].some((one) => one.address === owner.address || one.account === owner.account);
    const isPaced = this.#paceMs(owner) !== undefined;
    return isPaced || isRunning || queue.countOfAddress(owner) > 0 || queue.countOfAccount(owner) > 0;
  }

  /** How long the owner waits if it joins now, by what turns took of late and by the limit of its address. */
  #waitMs(owner: WorkOwner): number {
    const paceMs = this.#paceMs(owner);
    if (paceMs === undefined) return this.#turnsMs(owner);
    const place = this.#lanes[owner.kind].queue.placeInAddress(owner);
    return Math.max(this.#turnsMs(owner), paceMs + place * PACE_MS);
  }

  #turnsMs(owner: WorkOwner): number {
    const { kind } = owner;
    const place = this.#lanes[kind].queue.placeOf(owner);
    const isFresh = !this.#hasMore(owner);
    const atOnce = isFresh ? this.options.atOnceForFresh : this.options.atOnce;
    if (place === 0 && this.#running.size < atOnce) return 0;
    const other = this.#lanes[kind === 'login' ? 'registration' : 'login'];
    const share = other.queue.size === 0 ? 1 : SHARES[kind] / ALL_SHARES;
    // The one under way, and then one after the other.
    return (1 + Math.floor(place / share / atOnce)) * this.#times.meanMs;
  }

  #refusal(owner: WorkOwner, code: 'rate_limited' | 'unavailable'): Failure {
    const retryAfterS = Math.max(1, Math.ceil(this.#waitMs(owner) / 1_000));
    metrics.passwordTurns.cell(owner.kind, code).count += 1;
    return code === 'rate_limited'
      ? new Failure(code, `Too many ${owner.kind}s from this address or for this account; try again later`, {
          retryAfterS,
        })
      : new Failure(code, `Too many ${owner.kind}s at once; try again later`, { problem: 'OVERLOADED', retryAfterS });
  }
}

/** A place, and a promise of its turn. */
function placeFor(owner: WorkOwner): { readonly place: Place; readonly turn: Promise<void> } {
  let place: Place | undefined;
  const turn = new Promise<void>((begin, refuse) => {
    place = { ...owner, begin, refuse };
  });
  if (place === undefined) throw new Error('a promise runs its executor at once');
  return { place, turn };
}

const laneOf = (kind: WorkKind): Lane => ({ kind, queue: new FairTurns<Place>(), turnsByShare: 0 });

/** `running`, or what `late` makes of it at `endMs` (epoch). */
async function endedBy<T>(endMs: number, running: Promise<T>, late: () => Failure): Promise<T> {
  if (endMs === Infinity) return running;
  return withTimeLimit(endMs - Date.now(), running, late);
}
