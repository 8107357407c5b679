/** A value this far beyond the next one is not sent before the owner confirms it: its offset may be false. */
export const JUMP_MAX = 1_000;

/** How a value that arrived relates to those sent before. */
export type Verdict =
  | { readonly kind: 'next' }
  /** Already sent. */
  | { readonly kind: 'old' }
  /** Too far ahead to be believed. */
  | { readonly kind: 'far' }
  /** Values `from` to `to` never arrived here. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number };

/**
 * The newest offset of one contiguous sequence that this instance has sent.
 *
 * 1. An offset is sent at most once and never after a later one.
 * 2. A gap is announced before the value behind it.
 * 3. A snapshot never hides a value: before the first value the *lowest* snapshot counts, because a subscriber that
 *    received an older snapshot still needs the values up to the newer one.
 */
export class Track {
  #sent: number | undefined;
  #snapshot: number | undefined;

  /** Newest offset known to have reached the subscribers; undefined before the first value or snapshot. */
  get offset(): number | undefined {
    return this.#sent ?? this.#snapshot;
  }

  /** Judges a value and counts it as sent unless it is old or too far ahead. */
  arrived(offset: number): Verdict {
    const before = this.offset;
    if (this.#sent !== undefined && offset <= this.#sent) return { kind: 'old' };
    if (before !== undefined && offset > before + 1 + JUMP_MAX) return { kind: 'far' };
    this.#sent = offset;
    if (before === undefined || offset <= before + 1) return { kind: 'next' };
    return { kind: 'gap', from: before + 1, to: offset - 1 };
  }

  /** A subscriber received the snapshot at `offset`. */
  snapshotSent(offset: number): void {
    if (this.#sent === undefined) this.#snapshot = Math.min(offset, this.#snapshot ?? offset);
  }

  /** The store answered the offset of the sequence: after a loss, or when it was set back. */
  moveTo(offset: number): void {
    this.#sent = offset;
  }
}
