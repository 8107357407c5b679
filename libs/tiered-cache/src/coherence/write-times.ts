import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import type { Entry } from '../entry.js';

/** A run of writes: when the event of the first one arrived, and the latest position among them. */
interface Span {
  readonly fromMs: number;
  readonly lsn: Lsn;
}

/** This many writes of a tag within one grace are told apart. With more, the grace may end a little early, never late. */
const SPANS_MAX = 32;

/**
 * When the events of writes arrived. An entry that a write has invalidated may be served for its grace, counted from the
 * first write that it does not show, however many follow and however long it would have been fresh.
 *
 * Memory is bounded: the tag that was not written for longest is evicted; then only the grace of the entry itself counts.
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

  /** The positions were false: all are forgotten. */
  clear(): void {
    this.#spans.clear();
  }

  /** When (epoch ms) the event of the first write arrived that touched the entry and that it may not show. */
  firstMissedBy({ answer, position: after }: Entry): number | undefined {
    const times = answer.tags.flatMap((tag) => {
      const span = this.#spans.get(tag)?.find(({ lsn }) => after === undefined || compareLsn(lsn, after) > 0);
      return span?.fromMs ?? [];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }
}

/** Joins two runs when there are too many: the oldest if they are past any grace, otherwise the two closest together. */
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
