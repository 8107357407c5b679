/** A request that waits for its turn: the account it is about, and the address that it came from. */
export interface Claimant {
  readonly address: string;
  readonly account: string;
}

/** After so many turns of addresses that just came, one that had a turn before is next. */
const FRESH_IN_A_ROW = 8;

/**
 * A queue for each address, and in it one for each account, each served in turn (round robin): a flood from one address
 * delays no other address, and one account that is attacked from an address delays no other account there. An address
 * that just came goes before those that had a turn and still wait for more, as in FQ-CoDel (RFC 8290).
 */
export class FairTurns<C extends Claimant> {
  readonly #fresh = new Map<string, AddressQueue<C>>();
  readonly #served = new Map<string, AddressQueue<C>>();
  #size = 0;
  #freshInARow = 0;

  get size(): number {
    return this.#size;
  }

  /** How many wait from this address. */
  countOfAddress({ address }: Claimant): number {
    return this.#queueOf(address)?.size ?? 0;
  }

  /** How many wait for this account, from all addresses. */
  countOfAccount({ account }: Claimant): number {
    let count = 0;
    for (const one of this) if (one.account === account) count += 1;
    return count;
  }

  /** @param hasTurn another one of the same address is being served now, so that this address did not just come */
  add(claimant: C, hasTurn = false): void {
    let queue = this.#queueOf(claimant.address);
    if (queue === undefined) (hasTurn ? this.#served : this.#fresh).set(claimant.address, (queue = new AddressQueue()));
    queue.add(claimant);
    this.#size += 1;
  }

  remove(claimant: C): void {
    const queue = this.#queueOf(claimant.address);
    if (queue?.remove(claimant) !== true) return;
    this.#size -= 1;
    if (queue.size > 0) return;
    this.#fresh.delete(claimant.address);
    this.#served.delete(claimant.address);
  }

  /**
   * The next in turn, which leaves the queue; undefined when there is none that may begin.
   * @param isHeld whether an address may have no turn now
   * @param onlyFresh takes only from an address that has no turn, and had none since it came
   */
  take(isHeld: (address: string) => boolean = () => false, onlyFresh = false): C | undefined {
    const fresh = firstNot(isHeld, this.#fresh);
    const served = onlyFresh ? undefined : firstNot(isHeld, this.#served);
    const isFresh = fresh !== undefined && (served === undefined || this.#freshInARow < FRESH_IN_A_ROW);
    const address = isFresh ? fresh : served;
    if (address === undefined) return undefined;
    this.#freshInARow = isFresh ? this.#freshInARow + 1 : 0;
    const queue = this.#queueOf(address);
    this.#fresh.delete(address);
    this.#served.delete(address);
    const next = queue?.take();
    if (queue !== undefined && queue.size > 0) this.#served.set(address, queue);
    this.#size -= 1;
    return next;
  }

  /** How many turns of its address pass at most before that of `claimant`, if it joins now. */
  placeInAddress(claimant: Claimant): number {
    return this.#queueOf(claimant.address)?.placeOf(claimant.account) ?? 0;
  }

  /** How many turns pass at most before that of `claimant`, if it joins now and no other joins later. */
  placeOf(claimant: Claimant): number {
    if (this.countOfAddress(claimant) === 0) {
      const fresh = this.#fresh.size;
      return Math.min(this.#size, fresh + Math.ceil((fresh + 1) / FRESH_IN_A_ROW));
    }
    const own = this.placeInAddress(claimant);
    let place = own;
    for (const [address, { size }] of [...this.#fresh, ...this.#served])
      if (address !== claimant.address) place += Math.min(size, own + 1);
    return place;
  }

  /**
   * Who gives its place to `claimant` in a full queue: the latest of the address that has most places, if it has at least
   * two more than the address of `claimant`. With `within: 'account'` only places for the same account count.
   */
  givingWayTo(claimant: Claimant, within: 'account' | 'all'): C | undefined {
    const counts = new Map<string, number>();
    let latest: C | undefined;
    let most = 0;
    for (const one of this) {
      if (within === 'account' && one.account !== claimant.account) continue;
      const count = (counts.get(one.address) ?? 0) + 1;
      counts.set(one.address, count);
      if (count >= most) [latest, most] = [one, count];
    }
    return most >= (counts.get(claimant.address) ?? 0) + 2 ? latest : undefined;
  }

  *[Symbol.iterator](): Generator<C> {
    for (const queue of this.#fresh.values()) yield* queue;
    for (const queue of this.#served.values()) yield* queue;
  }

  #queueOf(address: string): AddressQueue<C> | undefined {
    return this.#fresh.get(address) ?? this.#served.get(address);
  }
}

/** The first of these addresses that is not held. */
function firstNot(isHeld: (address: string) => boolean, queues: ReadonlyMap<string, unknown>): string | undefined {
  for (const address of queues.keys()) if (!isHeld(address)) return address;
  return undefined;
}

/** The claimants of one address: a queue for each account, served in turn. */
class AddressQueue<C extends Claimant> {
  readonly #byAccount = new Map<string, C[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(claimant: C): void {
    const queue = this.#byAccount.get(claimant.account);
    if (queue === undefined) this.#byAccount.set(claimant.account, [claimant]);
    else queue.push(claimant);
    this.#size += 1;
  }

  /** Whether it was here. */
  remove(claimant: C): boolean {
    const queue = this.#byAccount.get(claimant.account) ?? [];
    const at = queue.indexOf(claimant);
    if (at < 0) return false;
    queue.splice(at, 1);
    if (queue.length === 0) this.#byAccount.delete(claimant.account);
    this.#size -= 1;
    return true;
  }

  take(): C | undefined {
    for (const [account, queue] of this.#byAccount) {
      this.#byAccount.delete(account);
      const next = queue.shift();
      if (queue.length > 0) this.#byAccount.set(account, queue);
      this.#size -= 1;
      return next;
    }
    return undefined;
  }

  /** How many turns pass at most before that of a claimant who joins now for `account`. */
  placeOf(account: string): number {
    const own = this.#byAccount.get(account)?.length ?? 0;
    let place = own;
    for (const [other, { length }] of this.#byAccount) if (other !== account) place += Math.min(length, own + 1);
    return place;
  }

  *[Symbol.iterator](): Generator<C> {
    for (const queue of this.#byAccount.values()) yield* queue;
  }
}
