/** When a fetch began, as counted by the drops that came before. */
export type Ticket = number;

/**
 * Which names were dropped since a fetch began: what it brings back must not be kept under them. Bounded: a name that
 * falls out raises a floor under which every ticket is refused. That refuses too much, never too little.
 */
export class DropStamps {
  readonly #stamps = new Map<string, Ticket>();
  #now: Ticket = 0;
  #floor: Ticket = 0;

  /** 20,000 names: several times what one drop may name. A refused ticket costs one fetch. */
  constructor(private readonly namesMax = 20_000) {}

  /** To be taken before a fetch begins. */
  get now(): Ticket {
    return this.#now;
  }

  /** Refuses the names to every ticket given so far. */
  stamp(names: readonly string[]): void {
    this.#now += 1;
    for (const name of names) {
      this.#stamps.delete(name);
      this.#stamps.set(name, this.#now);
    }
    this.#shrink();
  }

  /** Refuses everything to every ticket given so far. */
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
