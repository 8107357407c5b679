/** Somebody who wants a connection. */
export interface Waiter {
  /** Place in the order of asking. */
  readonly turn: number;
  previous?: Waiter | undefined;
  next?: Waiter | undefined;
}

/** A queue in the order of asking from whose middle a waiter can leave at once: 10,000 may wait, and many give up. */
export class Waiters<W extends Waiter> implements Iterable<W> {
  #first: W | undefined;
  #last: W | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): W | undefined {
    return this.#first;
  }

  /** At the end, or before those who asked later when it comes back to the queue. */
  add(waiter: W): void {
    let before = this.#last;
    if (before !== undefined && before.turn > waiter.turn) {
      // It comes back: its place is near the front.
      let after = this.#first;
      while (after !== undefined && after.turn < waiter.turn) after = after.next as W | undefined;
      before = after?.previous as W | undefined;
    }
    const after = before === undefined ? this.#first : (before.next as W | undefined);
    waiter.previous = before;
    waiter.next = after;
    if (before === undefined) this.#first = waiter;
    else before.next = waiter;
    if (after === undefined) this.#last = waiter;
    else after.previous = waiter;
    this.#size += 1;
  }

  shift(): W | undefined {
    const waiter = this.#first;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  /** Only for one that is in this queue. */
  remove(waiter: W): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next as W | undefined;
    else previous.next = next;
    if (next === undefined) this.#last = previous as W | undefined;
    else next.previous = previous;
    waiter.previous = waiter.next = undefined;
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<W> {
    for (let waiter = this.#first; waiter !== undefined;) {
      // Read first: the caller may take the waiter out.
      const next = waiter.next as W | undefined;
      yield waiter;
      waiter = next;
    }
  }
}
