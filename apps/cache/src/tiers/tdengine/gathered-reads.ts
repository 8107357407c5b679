import { chunked } from '@mystocks/kernel';
import { MISS, type Lookup } from '@mystocks/tiered-cache';
import { ENTRIES_MAX } from './tdengine-store.js';

/** Slices that are read at once; what comes meanwhile goes out in the next ones. */
const AT_ONCE = 8;

/**
 * Reads that come together, or while others are under way, go out together: many at once cost few statements, and a
 * single one does not wait.
 */
export class GatheredReads {
  readonly #waiting = new Map<string, ((lookup: Lookup) => void)[]>();
  #underWay = 0;
  #isPlanned = false;

  /** `read` never fails; what it does not answer is a miss. */
  constructor(private readonly read: (names: readonly string[]) => Promise<ReadonlyMap<string, Lookup>>) {}

  get(name: string): Promise<Lookup> {
    return new Promise((settle) => {
      const others = this.#waiting.get(name);
      if (others === undefined) this.#waiting.set(name, [settle]);
      else others.push(settle);
      this.#plan();
    });
  }

  /** What is asked for before this turn ends still goes along. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      for (const some of chunked([...this.#waiting], ENTRIES_MAX)) if (this.#underWay < AT_ONCE) void this.#send(some);
    });
  }

  async #send(some: readonly [name: string, settle: ((lookup: Lookup) => void)[]][]): Promise<void> {
    this.#underWay += 1;
    for (const [name] of some) this.#waiting.delete(name);
    const found = await this.read(some.map(([name]) => name));
    for (const [name, settles] of some) for (const settle of settles) settle(found.get(name) ?? MISS);
    this.#underWay -= 1;
    if (this.#waiting.size > 0) this.#plan();
  }
}
