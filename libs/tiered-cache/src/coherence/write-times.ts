import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import type { Entry } from '../entry.js';

/** Writes heard one after the other: when the first was heard, and the latest position among them. */
interface Span {
  readonly fromMs: number;
  readonly lsn: Lsn;
}

/** So many writes to a tag within one grace are told apart. Of more the grace may end a little early, never late. */
const SPANS_MAX = 32;

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
      const spans = [...(this.#spans.get(tag) ?? []), { fromMs: nowMs, lsn }];
      this.#spans.delete(tag);
      this.#spans.set(tag, shortened(spans, nowMs - this.graceMs));
    }
    for (const tag of this.#spans.keys()) {
      if (this.#spans.size <= this.tagsMax) return;
      this.#spans.delete(tag);
    }
  }

  /** Positions of writes were false: none is remembered. */
  clear(): void {
    this.#spans.clear();
  }

  /** When the first write was heard (epoch ms) that touched `kept` and that it may not show. */
  firstMissedBy({ answer, position: after }: Entry): number | undefined {
    const times = answer.tags.flatMap((tag) => {
      const span = this.#spans.get(tag)?.find(({ lsn }) => after === undefined || compareLsn(lsn, after) > 0);
      return span?.fromMs ?? [];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }
}

/** Joins two when there are too many: the oldest while nobody asks for them any more, else the two closest together. */
function shortened(spans: readonly Span[], pastMs: number): readonly Span[] {
  if (spans.length <= SPANS_MAX) return spans;
  const gaps = spans
    .slice(1)
    .map(({ fromMs }, index) => (fromMs <= pastMs ? -1 : fromMs - (spans[index]?.fromMs ?? 0)));
  const at = gaps.indexOf(Math.min(...gaps));
  const [early, late] = spans.slice(at, at + 2);
  if (early === undefined || late === undefined) return spans;
  const joined = { fromMs: early.fromMs, lsn: laterLsn(early.lsn, late.lsn) ?? late.lsn };
  return [...spans.slice(0, at), joined, ...spans.slice(at + 2)];
}
