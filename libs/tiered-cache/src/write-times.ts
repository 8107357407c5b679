import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import type { Kept } from './kept.js';

/** Writes heard one after the other: when the first was heard, and the latest position among them. */
interface Span {
  readonly fromMs: number;
  readonly lsn: Lsn;
}

/** A grace is measured with so many spans: it may end early by one of them, and never late. */
const SPANS_A_GRACE = 8;

/**
 * When writes were heard, so far as it matters: an answer that a write has outdated is good for its grace from the first
 * one on that it does not show, however many follow and however long it would have been fresh.
 *
 * Bounded: the tag that was longest not written falls out; then the grace that the answer itself names holds.
 */
export class WriteTimes {
  readonly #spans = new Map<string, readonly Span[]>();

  /** 20,000 tags: as many as {@link Fences}. */
  constructor(
    private readonly graceMs: number,
    private readonly tagsMax = 20_000,
  ) {}

  note(tags: readonly string[], lsn: Lsn, nowMs: number): void {
    for (const tag of tags) {
      const spans = this.#with(this.#spans.get(tag) ?? [], lsn, nowMs);
      this.#spans.delete(tag);
      this.#spans.set(tag, spans);
    }
    for (const tag of this.#spans.keys()) {
      if (this.#spans.size <= this.tagsMax) return;
      this.#spans.delete(tag);
    }
  }

  /** When the first write was heard (epoch ms) that touched `kept` and that it may not show. */
  firstMissedBy({ answer, after, expiresAtMs }: Kept): number | undefined {
    const times = answer.tags.flatMap((tag) => {
      const span = this.#spans.get(tag)?.find(({ lsn }) => after === undefined || compareLsn(lsn, after) > 0);
      return span?.fromMs ?? [];
    });
    // A span may have begun before the answer: what it does not show came afterwards, or it would not have been kept.
    return times.length === 0 ? undefined : Math.max(Math.min(...times), expiresAtMs - answer.ttl_ms);
  }

  #with(spans: readonly Span[], lsn: Lsn, nowMs: number): readonly Span[] {
    const last = spans.at(-1);
    if (last === undefined || nowMs >= last.fromMs + this.graceMs / SPANS_A_GRACE)
      return shortened([...spans, { fromMs: nowMs, lsn }]);
    return [...spans.slice(0, -1), joined(last, { fromMs: nowMs, lsn })];
  }
}

const joined = (early: Span, late: Span): Span => ({
  fromMs: early.fromMs,
  lsn: laterLsn(early.lsn, late.lsn) ?? late.lsn,
});

/** Joins the two oldest when there are too many: whatever missed the second of them is nearly past its grace. */
function shortened(spans: readonly Span[]): readonly Span[] {
  const [first, second, ...rest] = spans;
  if (first === undefined || second === undefined || rest.length < SPANS_A_GRACE) return spans;
  return [joined(first, second), ...rest];
}
