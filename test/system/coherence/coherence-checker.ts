import {
  barsChanged,
  entriesDropped,
  INSTRUMENTS_TAG,
  instrumentsChanged,
  quoteChanged,
  quoteTag,
  type Answer,
} from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import type { FakeBus } from '@mystocks/testing';
import { saidBy } from './simulated-market.js';

/** How long another cache service may share a read from before a drop whose event it has not received yet. */
const SHARED_MS = 1_000;

/** An answer as some process gave it. */
export interface Served {
  readonly by: string;
  readonly key: string;
  readonly answer: Answer;
  /** Where it lay until now, when it did. */
  readonly kept: object | undefined;
}

interface Received {
  /** Tag -> the newest write this process was told of. */
  readonly writes: Map<string, number>;
  /** Key or tag -> when it was dropped, and when this process received its event. */
  readonly drops: Map<string, { readonly droppedMs: number; readonly receivedMs: number }>;
}

/** Checks that no process serves what it must know to be stale; collects violations. */
export class CoherenceChecker {
  readonly wrong: string[] = [];
  readonly #received = new Map<string, Received>();
  readonly #refused = new WeakSet();
  reads = 0;
  hits = 0;
  refusals = 0;

  /** Hears what a process hears, before it; the tag `drop-<n>` of a drop says when it began: `dropsMs[n]`. */
  follow(process: string, bus: FakeBus, dropsMs: readonly number[]): void {
    const { writes, drops } = this.#receivedBy(process);
    const note = (tag: string, lsn: Lsn): void => {
      writes.set(tag, Math.max(writes.get(tag) ?? 0, compareLsn(lsn, '0/0')));
    };
    bus.subscribe(barsChanged, ({ symbol, lsn }) => {
      note(symbol, lsn);
    });
    bus.subscribe(quoteChanged, ({ quote, lsn }) => {
      note(quoteTag(quote.symbol), lsn);
    });
    bus.subscribe(instrumentsChanged, ({ lsn }) => {
      note(INSTRUMENTS_TAG, lsn);
    });
    bus.subscribe(entriesDropped, ({ keys = [], tags = [] }) => {
      const number = Number(tags.find((tag) => tag.startsWith('drop-'))?.slice('drop-'.length));
      const drop = { droppedMs: dropsMs[number] ?? 0, receivedMs: Date.now() };
      for (const name of [...keys, ...tags]) drops.set(name, drop);
    });
  }

  /** What a process knows when a read begins; {@link served} wants it. */
  knows(process: string): Received {
    const { writes, drops } = this.#receivedBy(process);
    return { writes: new Map(writes), drops: new Map(drops) };
  }

  /** A tier would not keep this: it must never come out again. */
  refused(kept: object): void {
    this.refusals += 1;
    this.#refused.add(kept);
  }

  served({ by, key, answer, kept }: Served, knew: Received): void {
    this.reads += 1;
    if (answer.cache === 'stale') return;
    const { shows, serial, readMs } = saidBy(answer);
    for (const [tag, shown] of Object.entries(shows)) {
      const received = knew.writes.get(tag) ?? 0;
      if (shown < received)
        this.#complain(`${by} served write ${shown} of ${tag} as fresh and had received the event of ${received}`);
    }
    if (kept === undefined) return;
    this.hits += 1;
    if (this.#refused.has(kept)) this.#complain(`${by} served answer ${serial}, which it had refused to keep`);
    for (const name of [key, ...answer.tags]) {
      const drop = knew.drops.get(name);
      if (drop !== undefined && readMs < drop.droppedMs && Date.now() > drop.receivedMs + SHARED_MS)
        this.#complain(`${by} served answer ${serial} from before ${name} was dropped`);
    }
  }

  same(what: string, shown: unknown, expected: unknown): void {
    if (JSON.stringify(shown) === JSON.stringify(expected)) return;
    this.#complain(`${what} shows ${JSON.stringify(shown)}, the owner ${JSON.stringify(expected)}`);
  }

  #complain(text: string): void {
    this.wrong.push(text);
  }

  #receivedBy(process: string): Received {
    let received = this.#received.get(process);
    if (received === undefined) {
      received = { writes: new Map(), drops: new Map() };
      this.#received.set(process, received);
    }
    return received;
  }
}
