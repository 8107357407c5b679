import type { Question } from './questions.js';

/** How the owner answers: as it should, or with a failure. `named` carries a problem of its own, as refusals do. */
export const moods = ['well', 'unavailable', 'named', 'timeout', 'not_found'] as const;
export type Mood = (typeof moods)[number];

export type Seen = 'l1-hit' | 'l2-hit' | 'stale' | 'miss' | 'failed';

interface Entry {
  /** The newest write that was known when it was asked for. */
  readonly after: number;
  readonly tags: readonly string[];
  readonly freshUntil: number;
  readonly swrMs: number;
  /** When a write first invalidated it. */
  invalidatedAt: number | undefined;
}

interface Gained {
  readonly seen: Seen;
  readonly ttlMs: number;
  readonly swrMs: number;
  readonly after: number;
}

interface Gateway {
  readonly entries: Map<Question, Entry>;
  keepsFrom: number;
}

/** One second: nothing is stored for that long after events were missed, nor is a failed owner asked for the same key. */
const REST_MS = 1_000;
const FAILED: Gained = { seen: 'failed', ttlMs: 0, swrMs: 0, after: 0 };

/**
 * What two gateways before one cache service must do, written from the rules alone: docs/guides/caching.md, the
 * docstrings of Tier, NearCache and freshness, ADR 3 and 15. It shares no line with them. One thing happens at a time,
 * so there is nothing here about leases and flights; those have tests of their own.
 */
export class Oracle {
  /** As the metrics' text has them: `name{label="value"}` -> count. */
  readonly counts = new Map<string, number>();
  nowMs: number;
  mood: Mood = 'well';
  secondIsAway = false;
  cacheServiceIsAway = false;
  readonly #gateways: Gateway[];
  readonly #second = new Map<Question, Entry>();
  readonly #rests = new Map<Question, number>();
  readonly #again: { readonly atMs: number; readonly hits: (entry: Entry, question: Question) => boolean }[] = [];
  #known = 0;
  #keepsFrom: number;
  #missedByStore = false;

  constructor(
    nowMs: number,
    gateways: number,
    private readonly graceMs: number,
  ) {
    this.nowMs = nowMs;
    // A cache service that has just started cannot know what it missed.
    this.#keepsFrom = nowMs + REST_MS;
    this.#gateways = Array.from({ length: gateways }, () => ({ entries: new Map(), keepsFrom: 0 }));
  }

  passTime(ms: number): void {
    this.nowMs += ms;
    while ((this.#again[0]?.atMs ?? Infinity) <= this.nowMs) this.#dropNear(this.#again.shift()?.hits);
  }

  /** A client reads through a gateway, and must see every write up to `wants`. */
  read(place: number, question: Question, wants = 0): Seen {
    const gateway = this.#gateway(place);
    const entry = gateway.entries.get(question);
    const isOf = (one: Entry | undefined): one is Entry => one !== undefined && one.after >= wants;
    if (isOf(entry) && entry.invalidatedAt === undefined && this.nowMs < entry.freshUntil)
      return this.#count('hits', 'l1', 'l1-hit');
    this.#count('misses', 'l1');
    const lastGood = isOf(entry) && this.nowMs < this.#graceUntil(entry) ? entry : undefined;
    if (
      lastGood !== undefined &&
      lastGood.invalidatedAt === undefined &&
      this.nowMs < lastGood.freshUntil + lastGood.swrMs
    ) {
      this.#fetch(gateway, question, 0);
      return this.#stale('l1', 'revalidate');
    }
    const { seen } = this.#fetch(gateway, question, wants);
    const mayStandIn = this.mood !== 'not_found' && lastGood !== undefined;
    return seen === 'failed' && mayStandIn ? this.#stale('l1', 'error') : seen;
  }

  /** A write whose event reaches every process. */
  write(tags: readonly string[], lsn: number): void {
    const touched = (entry: Entry): boolean => entry.tags.some((tag) => tags.includes(tag));
    for (const entries of [this.#second, ...this.#gateways.map((one) => one.entries)])
      for (const entry of entries.values()) if (touched(entry)) entry.invalidatedAt ??= this.nowMs;
    this.#known = lsn;
    this.#missedByStore ||= this.secondIsAway;
  }

  /** An operator drops by question or tag. */
  drop({ question, tags = [] }: { question?: Question; tags?: readonly string[] }): void {
    const hits = (entry: Entry, one: Question): boolean =>
      one === question || entry.tags.some((tag) => tags.includes(tag));
    for (const [one, entry] of this.#second) if (hits(entry, one)) this.#second.delete(one);
    this.#missedByStore ||= this.secondIsAway;
    this.#dropNear(hits);
    this.#again.push({ atMs: this.nowMs + REST_MS, hits });
  }

  /** Every process finds out that events were missed: all entries may be invalidated. */
  gap(): void {
    this.#keepsFrom = this.nowMs + REST_MS;
    for (const gateway of this.#gateways) gateway.keepsFrom = this.nowMs + REST_MS;
    for (const entries of [this.#second, ...this.#gateways.map((one) => one.entries)])
      for (const entry of entries.values()) entry.invalidatedAt ??= this.nowMs;
  }

  /** The store is there again; what it did not hear of meanwhile makes all of it doubtful. */
  secondReturns(): void {
    this.secondIsAway = false;
    if (this.#missedByStore) this.#second.clear();
    this.#missedByStore = false;
  }

  #fetch(gateway: Gateway, question: Question, wants: number): Gained {
    let gained = this.cacheServiceIsAway ? undefined : this.#readSecond(question, wants);
    // Who hears nothing from the cache service, or a failure without a name, asks the owner itself.
    if (gained === undefined || (gained.seen === 'failed' && this.mood === 'unavailable'))
      gained = this.#owner(question);
    if (gained.ttlMs > 0 && this.nowMs >= gateway.keepsFrom) this.#keepNear(gateway, question, gained);
    return gained;
  }

  /** What shows more is not replaced by what shows less. */
  #keepNear({ entries }: Gateway, question: Question, gained: Gained): void {
    const there = entries.get(question);
    const isThere = there !== undefined && this.nowMs < there.freshUntil + this.graceMs;
    if (!isThere || there.after <= gained.after) entries.set(question, this.#entry(question, gained));
  }

  #readSecond(question: Question, position: number): Gained {
    const entry = this.secondIsAway ? undefined : this.#second.get(question);
    const freshness = entry === undefined || entry.after < position ? 'gone' : this.#freshness(entry);
    if (entry === undefined || freshness !== 'fresh') this.#count('misses', 'l2');
    if (entry === undefined || freshness === 'gone') return this.#throughSecond(question, position);
    if (freshness === 'fresh') {
      this.#count('hits', 'l2');
      return { seen: 'l2-hit', ttlMs: entry.freshUntil - this.nowMs, swrMs: entry.swrMs, after: entry.after };
    }
    const rests = (this.#rests.get(question) ?? 0) > this.nowMs;
    if (freshness === 'revalidate') {
      if (!rests && this.#throughSecond(question, 0).seen === 'failed') this.#rest(question);
      return this.#staleGained('revalidate');
    }
    if (rests) return this.#staleGained('error');
    const gained = this.#throughSecond(question, position);
    if (gained.seen !== 'failed' || this.mood === 'not_found') return gained;
    this.#rest(question);
    return this.#staleGained('error');
  }

  /** A write cuts a long life short: the grace begins with it. */
  #graceUntil({ freshUntil, invalidatedAt = Infinity }: Entry): number {
    return Math.min(freshUntil, invalidatedAt) + this.graceMs;
  }

  #freshness(entry: Entry): 'fresh' | 'revalidate' | 'grace' | 'gone' {
    const { invalidatedAt, freshUntil, swrMs } = entry;
    if (this.nowMs >= this.#graceUntil(entry)) return 'gone';
    if (invalidatedAt !== undefined) return 'grace';
    if (this.nowMs < freshUntil) return 'fresh';
    return this.nowMs < freshUntil + swrMs ? 'revalidate' : 'grace';
  }

  #throughSecond(question: Question, position: number): Gained {
    const gained = this.#owner(question);
    const isAnnounced = position <= this.#known;
    if (gained.ttlMs > 0 && isAnnounced && !this.secondIsAway && this.nowMs >= this.#keepsFrom)
      this.#second.set(question, this.#entry(question, gained));
    return gained;
  }

  #owner({ call, ttlMs, swrMs }: Question): Gained {
    this.#add(`cache_origin_calls_total{subject="${call.subject}"}`);
    return this.mood === 'well' ? { seen: 'miss', ttlMs, swrMs, after: this.#known } : FAILED;
  }

  #entry({ tags }: Question, { ttlMs, swrMs, after }: Gained): Entry {
    return { after, tags, freshUntil: this.nowMs + ttlMs, swrMs, invalidatedAt: undefined };
  }

  #rest(question: Question): void {
    if (this.mood !== 'not_found') this.#rests.set(question, this.nowMs + REST_MS);
  }

  #dropNear(hits: (entry: Entry, question: Question) => boolean = () => false): void {
    for (const { entries } of this.#gateways)
      for (const [question, entry] of entries) if (hits(entry, question)) entries.delete(question);
  }

  #gateway(place: number): Gateway {
    const gateway = this.#gateways[place];
    if (gateway === undefined) throw new Error(`no gateway ${String(place)}`);
    return gateway;
  }

  #stale(layer: string, reason: string): 'stale' {
    this.#add(`cache_stale_total{layer="${layer}",reason="${reason}"}`);
    return 'stale';
  }

  #staleGained(reason: string): Gained {
    return { ...FAILED, seen: this.#stale('l2', reason) };
  }

  #count(what: 'hits' | 'misses', layer: string, seen: Seen = 'miss'): Seen {
    this.#add(`cache_${what}_total{layer="${layer}"}`);
    return seen;
  }

  #add(line: string): void {
    this.counts.set(line, (this.counts.get(line) ?? 0) + 1);
  }
}
