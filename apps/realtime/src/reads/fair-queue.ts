interface QueuedItem<T> {
  readonly item: T;
  readonly owner: string;
  turn: number;
}

/**
 * Items by key, taken in turns of their owners: the first `turnSize` items of every owner come before the next ones of any.
 * Within a turn the oldest come first.
 */
export class FairQueue<T> {
  readonly #items = new Map<string, QueuedItem<T>>();
  /** Keys by turn. */
  readonly #turns = new Map<number, Set<string>>();
  /** How many items each owner has in the queue. */
  readonly #counts = new Map<string, number>();

  constructor(private readonly turnSize: number) {}

  get size(): number {
    return this.#items.size;
  }

  add(key: string, item: T, owner: string): void {
    const turn = this.#turnOf(owner);
    this.#items.set(key, { item, owner, turn });
    this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    this.#enter(key, turn);
  }

  /** The item of a key, which another owner wants as well: it is moved forward when the turn of that owner is earlier. */
  join(key: string, owner: string): T | undefined {
    const queued = this.#items.get(key);
    if (queued === undefined) return undefined;
    const turn = this.#turnOf(owner);
    if (turn < queued.turn) {
      this.#leave(key, queued.turn);
      this.#enter(key, turn);
      queued.turn = turn;
    }
    return queued.item;
  }

  /** Removes the next `count` items, or all where there are fewer. */
  take(count: number): [key: string, item: T][] {
    const taken: [string, T][] = [];
    for (const turn of [...this.#turns.keys()].sort((a, b) => a - b)) {
      for (const key of this.#turns.get(turn) ?? []) {
        if (taken.length >= count) return taken;
        const queued = this.#items.get(key);
        if (queued === undefined) continue;
        this.#remove(key, queued);
        taken.push([key, queued.item]);
      }
    }
    return taken;
  }

  #turnOf(owner: string): number {
    return Math.floor((this.#counts.get(owner) ?? 0) / this.turnSize);
  }

  #remove(key: string, { owner, turn }: QueuedItem<T>): void {
    this.#items.delete(key);
    this.#leave(key, turn);
    const left = (this.#counts.get(owner) ?? 1) - 1;
    if (left > 0) this.#counts.set(owner, left);
    else this.#counts.delete(owner);
  }

  #enter(key: string, turn: number): void {
    const keys = this.#turns.get(turn) ?? new Set();
    this.#turns.set(turn, keys.add(key));
  }

  #leave(key: string, turn: number): void {
    const keys = this.#turns.get(turn);
    keys?.delete(key);
    if (keys?.size === 0) this.#turns.delete(turn);
  }
}
