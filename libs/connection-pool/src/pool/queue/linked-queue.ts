/** A member of a {@link LinkedQueue}. */
export interface QueueEntry {
  /** Its place in the order of arrival. */
  readonly turn: number;
  previous?: QueueEntry | undefined;
  next?: QueueEntry | undefined;
}

/**
 * A queue in the order of arrival. An entry is removed from the middle in constant time: 10,000 borrowers may wait, and
 * many give up.
 */
export class LinkedQueue<E extends QueueEntry> implements Iterable<E> {
  #first: E | undefined;
  #last: E | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): E | undefined {
    return this.#first;
  }

  /** Adds an entry at the end. An entry that comes back is put before those that arrived after it. */
  add(entry: E): void {
    let before = this.#last;
    if (before !== undefined && before.turn > entry.turn) {
      // It comes back, so its place is near the front.
      let after = this.#first;
      while (after !== undefined && after.turn < entry.turn) after = after.next as E | undefined;
      before = after?.previous as E | undefined;
    }
    const after = before === undefined ? this.#first : (before.next as E | undefined);
    entry.previous = before;
    entry.next = after;
    if (before === undefined) this.#first = entry;
    else before.next = entry;
    if (after === undefined) this.#last = entry;
    else after.previous = entry;
    this.#size += 1;
  }

  shift(): E | undefined {
    const entry = this.#first;
    if (entry !== undefined) this.remove(entry);
    return entry;
  }

  /** Removes an entry, which must be in this queue. */
  remove(entry: E): void {
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next as E | undefined;
    else previous.next = next;
    if (next === undefined) this.#last = previous as E | undefined;
    else next.previous = previous;
    entry.previous = entry.next = undefined;
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<E> {
    for (let entry = this.#first; entry !== undefined;) {
      // Read before the yield, because the consumer may remove the entry.
      const next = entry.next as E | undefined;
      yield entry;
      entry = next;
    }
  }
}
