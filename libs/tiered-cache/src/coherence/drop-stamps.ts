/** The moment at which a fetch began: the number of drops before it. */
export type Ticket = number;

/**
 * The names that were dropped since a fetch began: its answer must not be stored under them. Memory is bounded: a name that
 * is evicted raises a floor, and every ticket below the floor is refused. That refuses too much, never too little.
 */
export class DropStamps {
  readonly #stamps = new Map<string, Ticket>();
  #now: Ticket = 0;
  #floor: Ticket = 0;

  /** 20,000 names are several times what one drop may name. A refused ticket costs one fetch. */
  constructor(private readonly namesMax = 20_000) {}

  /** The ticket of a fetch that begins now. */
  get now(): Ticket {
    return this.#now;
  }

  /** Refuses these names to every ticket issued so far. */
  stamp(names: readonly string[]): void {
    this.#now += 1;
    for (const name of names) {
      this.#stamps.delete(name);
      this.#stamps.set(name, this.#now);
    }
    this.#shrink();
  }

  /** Refuses all names to every ticket issued so far. */
  stampAll(): void {
    this.#now += 1;
    this.#floor = this.#now;
    this.#stamps.clear();
  }

  /** Whether none of the names was dropped since `ticket`. */
  allows(names: readonly string[], ticket: Ticket): boolean {
    return ticket >= this.#floor && names.every((name) => (this.#stamps.get(name) ?? 0) <= ticket);
  }

  #shrink(): void {
    for (const [name, stamp] of this.#stamps) {
      if (this.#stamps.size <= this.namesMax) return;
      this.#stamps.delete(name);
      this.#floor = stamp;
    }
  }
}
