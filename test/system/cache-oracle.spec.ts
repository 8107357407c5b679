import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { INSTRUMENTS_TAG, quoteTag } from '@mystocks/contracts';
import { register } from 'prom-client';
import { moods, Oracle, type Seen } from './cache-oracle/oracle.js';
import { questions, symbols, type Question } from './cache-oracle/questions.js';
import { keyOf, lsnOf, RealSystem } from './cache-oracle/real-system.js';
import { Chance } from './coherence/chance.js';

const OPERATIONS = 10_000;
const SEEDS = [1, 20_260_104];
const GRACE_MS = 30_000;
const GATEWAYS = 2;
/** The metrics' text is compared so often; each read's own outcome every time. */
const COMPARED_EVERY = 50;
/** Something is written in every second stretch so long: in between only time makes answers old. */
const STRETCH = 500;
const COUNTED = /^(cache_(?:hits|misses|stale|origin_calls)_total\{.*\}) (\d+)$/gm;

/** What the metrics say, as they are scraped. */
async function counted(): Promise<Map<string, number>> {
  const text = await register.metrics();
  return new Map([...text.matchAll(COUNTED)].map(([, line = '', count]) => [line, Number(count)]));
}

/** One trace through the real classes and the oracle side by side. */
class Trace {
  readonly chance: Chance;
  readonly oracle = new Oracle(Date.now(), GATEWAYS, GRACE_MS);
  readonly system = new RealSystem(GATEWAYS, GRACE_MS);
  readonly seen = new Map<Seen | 'by hot path' | 'gap' | 'drop', number>();
  lsn = 0;
  #steps = 0;

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  /** Does one thing; says what, for when the two do not agree. */
  async step(): Promise<string> {
    this.#steps += 1;
    await this.#passTime();
    const place = this.chance.upTo(999);
    if (place < 820) return this.#read();
    if (place < 840) return this.#auditor();
    if (place < 930) return this.#isQuiet ? this.#read() : this.#write();
    if (place < 950) return this.#drop();
    if (place < 955) return this.#gap();
    return this.#trouble();
  }

  get #isQuiet(): boolean {
    return Math.floor(this.#steps / STRETCH) % 2 === 1;
  }

  async #passTime(): Promise<void> {
    const ms = this.chance.happens(0.03) ? this.chance.upTo(25_000) : this.chance.upTo(250);
    await this.system.passTime(ms);
    this.oracle.passTime(ms);
  }

  async #read(): Promise<string> {
    const place = this.chance.upTo(GATEWAYS - 1);
    const question = this.#question();
    // Mostly nothing; a client's own last write, an older one, and one that was never published.
    const wants = this.chance.happens(0.9)
      ? 0
      : this.chance.oneOf([this.lsn, this.chance.upTo(this.lsn), this.lsn + 100]);
    const caller = this.chance.oneOf(['one', 'two']);
    const read = await this.system.read(place, question, caller, wants === 0 ? undefined : lsnOf(wants));
    this.#note(read.seen);
    if (read.byHotPath) this.#note('by hot path');
    const what = `gateway ${place} reads ${question.url}, up to ${wants}, owner ${this.system.mood}`;
    expect([what, read.seen]).toEqual([what, this.oracle.read(place, question, wants)]);
    // Whatever the counters say: what is not marked stale shows every write there is.
    if (read.shows !== undefined && read.seen !== 'stale')
      expect([what, read.shows]).toEqual([what, this.system.newest(question)]);
    return what;
  }

  /** Half of all reads are of five questions. */
  #question(): Question {
    return this.chance.oneOf(this.chance.happens(0.5) ? questions.slice(0, 5) : questions);
  }

  #auditor(): string {
    const question = this.#question();
    expect(this.system.auditorIsAnswered(this.chance.upTo(GATEWAYS - 1), question)).toBe(false);
    return `an auditor asks for ${question.url}`;
  }

  async #write(): Promise<string> {
    const symbol = this.chance.oneOf(symbols);
    const tag = this.chance.oneOf([symbol, quoteTag(symbol), quoteTag(symbol), INSTRUMENTS_TAG]);
    this.lsn += 1;
    await this.system.write(tag, this.lsn);
    this.oracle.write([tag], this.lsn);
    return `write of ${tag}`;
  }

  async #drop(): Promise<string> {
    this.#note('drop');
    const question = this.chance.oneOf(questions);
    const symbol = this.chance.oneOf(symbols);
    const tags = this.chance.oneOf([[INSTRUMENTS_TAG], [quoteTag(symbol)], [symbol, quoteTag(symbol)]]);
    const byKey = this.chance.happens(0.5);
    await this.system.drop(byKey ? { keys: [keyOf(question)] } : { tags });
    this.oracle.drop(byKey ? { question } : { tags });
    return byKey ? `drop of ${question.url}` : `drop of ${tags.join()}`;
  }

  /** The event of a quote is lost; that of the next one shows it. */
  async #gap(): Promise<string> {
    this.#note('gap');
    const [lost, received] = [this.chance.oneOf(symbols), this.chance.oneOf(symbols)];
    await this.system.write(quoteTag(lost), this.lsn + 1, true);
    await this.system.write(quoteTag(received), this.lsn + 2);
    this.lsn += 2;
    this.oracle.gap();
    this.oracle.write([quoteTag(received)], this.lsn);
    return `gap in the events, ${lost} before ${received}`;
  }

  async #trouble(): Promise<string> {
    const { system, oracle, chance } = this;
    if (chance.happens(0.6)) {
      system.mood = oracle.mood = chance.happens(0.3) ? chance.oneOf(moods) : 'well';
      return `the owner is ${system.mood}`;
    }
    if (chance.happens(0.5)) {
      system.cacheServiceIsAway = oracle.cacheServiceIsAway = !system.cacheServiceIsAway && chance.happens(0.5);
      return `the cache service is ${system.cacheServiceIsAway ? 'away' : 'there'}`;
    }
    if (oracle.secondIsAway) {
      await system.tier.comeBack();
      oracle.secondReturns();
      return 'the store comes back';
    }
    system.tier.leave();
    oracle.secondIsAway = true;
    return 'the store is away';
  }

  #note(what: Seen | 'by hot path' | 'gap' | 'drop'): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'], now: Date.UTC(2025, 0, 2, 2) });
});
afterEach(() => {
  jest.useRealTimers();
});

describe(`${OPERATIONS.toLocaleString('en')} operations of all kinds`, () => {
  it.each(SEEDS)(
    `${OPERATIONS.toLocaleString('en')} operations of all kinds count in both tiers exactly what an independent oracle says (seed %i)`,
    async (seed) => {
      const before = await counted();
      const trace = new Trace(seed);
      let after = before;
      const grown = (): Record<string, number> =>
        Object.fromEntries(
          [...after]
            .map(([line, count]) => [line, count - (before.get(line) ?? 0)] as const)
            .filter(([, count]) => count > 0),
        );
      for (let number = 0; number < OPERATIONS; number += 1) {
        const what = await trace.step();
        if ((number + 1) % COMPARED_EVERY > 0) continue;
        after = await counted();
        expect({ seed, number, what, ...grown() }).toEqual({
          ...{ seed, number, what },
          ...Object.fromEntries(trace.oracle.counts),
        });
      }
      process.stdout.write(
        `  seed ${seed}: ${JSON.stringify(Object.fromEntries(trace.seen))} ${JSON.stringify(grown())}\n`,
      );
      // The trace is worth its name: everything happened, and often.
      for (const what of ['l1-hit', 'l2-hit', 'stale', 'miss', 'failed', 'by hot path', 'gap', 'drop'] as const)
        expect([what, (trace.seen.get(what) ?? 0) > 20]).toEqual([what, true]);
      expect(Object.keys(grown()).filter((line) => line.startsWith('cache_stale_total'))).toHaveLength(4);
    },
  );
});
