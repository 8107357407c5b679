import { dropAnswers, readAnswer, type Answer } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext, withContext } from '@mystocks/telemetry';
import { FakeBus } from '@mystocks/testing';
import { answerKey, canonicalJson, type Entry, type Tier } from '@mystocks/tiered-cache';
import type { AnswersService } from '../../../apps/cache/src/answers/answers.service.js';
import type { NearAnswers } from '../../../apps/gateway/src/reads/near-answers.js';
import type { ReadsService } from '../../../apps/gateway/src/reads/reads.service.js';
import { Chance } from './chance.js';
import { CoherenceChecker } from './coherence-checker.js';
import { questions, saidBy, SimulatedMarket, type Asked } from './simulated-market.js';
import { faults, SimulatedWire } from './simulated-wire.js';

/** The classes under test; a planted bug takes the place of one of them. */
export interface Parts {
  readonly openCache: (bus: FakeBus, tier: Tier) => AnswersService;
  readonly openGateway: (bus: FakeBus) => { readonly reads: ReadsService; readonly near: NearAnswers };
  readonly openTier: () => Tier;
  /** Whether beats are told at all. */
  readonly beats: boolean;
}

interface Process {
  readonly name: string;
  readonly bus: FakeBus;
}

interface Gateway extends Process, ReturnType<Parts['openGateway']> {}

const GATEWAYS = 5;
const CACHES = 2;
const PUBLISHERS = 2;
const STEP_MS = 5;
const caller: Caller = { id: 'c', username: 'desk', roles: ['operator'], expiresAtMs: Infinity };
const keyOf = ({ call, request }: Asked): string => answerKey(call.subject, canonicalJson(request));

/**
 * Five gateways with their first tiers, two cache services on one second tier and an owner that two processes write
 * to, on a virtual clock; what happens, and what goes wrong, comes from the seed alone.
 */
export class SimulatedSystem {
  readonly checker = new CoherenceChecker();
  readonly chance: Chance;
  readonly market: SimulatedMarket;
  readonly wire: SimulatedWire;
  readonly tier: Tier;
  readonly #publishers: Process[];
  readonly #caches: (Process & { readonly answers: AnswersService })[];
  readonly #gateways: Gateway[];
  readonly #drops: number[] = [];
  cuts = 0;

  constructor(
    seed: number,
    private readonly parts: Parts,
    private readonly advance: (ms: number) => Promise<void>,
  ) {
    this.chance = new Chance(seed);
    this.market = new SimulatedMarket(this.chance);
    this.wire = new SimulatedWire(this.chance);
    this.tier = this.#watched(parts.openTier());
    this.#publishers = this.#many(PUBLISHERS, 'market-data', () => ({}));
    this.#caches = this.#many(CACHES, 'cache', (bus) => {
      for (const { call } of questions) bus.answer(call, (request) => this.#askOwner(bus, call, request));
      return { answers: parts.openCache(bus, this.tier) };
    });
    this.#gateways = this.#many(GATEWAYS, 'gateway', (bus) => {
      bus.answer(readAnswer, (request) => this.#askCache(bus, request));
      for (const { call } of questions) bus.answer(call, (request) => this.#askOwner(bus, call, request));
      return parts.openGateway(bus);
    });
    for (const gateway of this.#gateways) this.#watchNear(gateway);
  }

  /** Everything at once for `ms`; faults come and go, and at the end of it there is none. */
  async live(ms: number): Promise<void> {
    const everyone = [...this.#gateways, ...this.#caches, ...this.#publishers];
    const spoilt = new Map<Process, number>();
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      if (this.chance.happens(0.01)) {
        const one = this.chance.oneOf(everyone);
        if (!spoilt.has(one)) {
          this.wire.spoil(one.bus, this.chance.oneOf(faults));
          this.cuts += 1;
          spoilt.set(one, passedMs + 100 + this.chance.upTo(2_500));
        }
      }
      for (const [one, untilMs] of spoilt) if (passedMs >= untilMs && spoilt.delete(one)) this.wire.heal(one.bus);
      if (this.chance.happens(0.12)) this.market.write(this.chance.oneOf(this.#publishers).bus);
      if (this.chance.happens(0.015)) this.#drop();
      this.#readSomething();
      await this.advance(STEP_MS);
    }
    for (const one of spoilt.keys()) this.wire.heal(one.bus);
  }

  /** No fault and no write any more, only reads. */
  async rest(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      this.#readSomething();
      await this.advance(STEP_MS);
    }
  }

  /** What every first tier holds as fresh is what the owner says; so is what each cache service and gateway answers. */
  async compare(): Promise<void> {
    for (const question of questions) {
      const now = this.market.shows(question.tags);
      for (const { name, near } of this.#gateways) {
        const kept = near.get(keyOf(question), Date.now());
        if (kept !== undefined) this.checker.same(`the first tier of ${name}`, saidBy(kept.answer).shows, now);
      }
    }
    const readers = [
      ...this.#caches.map(({ name, answers }) => ({
        name,
        read: (asked: Asked) => this.#askSecondTier(answers, asked),
      })),
      ...this.#gateways.map((one) => ({ name: one.name, read: (asked: Asked) => this.#read(one, asked) })),
    ];
    let open = readers.length * questions.length;
    for (const { name, read } of readers)
      for (const question of questions)
        void answerOf(() => read(question)).then((shown) => {
          open -= 1;
          this.checker.same(`${name}'s answer`, shown, this.market.shows(question.tags));
        });
    for (let passedMs = 0; open > 0 && passedMs < 12_000; passedMs += STEP_MS) await this.advance(STEP_MS);
    this.checker.same('reads without an answer', open, 0);
  }

  #many<T extends object>(count: number, service: string, open: (bus: FakeBus) => T): (Process & T)[] {
    return Array.from({ length: count }, (_, index) => {
      const bus = new FakeBus(service, this.wire.wire);
      const name = `${service}-${index + 1}`;
      this.checker.follow(name, bus, this.#drops);
      const process = { name, bus, ...open(bus) };
      if (this.parts.beats) {
        const phaseMs = this.chance.upTo(249);
        setTimeout(() => {
          bus.tick(Date.now());
          setInterval(() => {
            bus.tick(Date.now());
          }, 250);
        }, phaseMs);
      }
      return process;
    });
  }

  #watchNear(gateway: Gateway): void {
    const { near } = gateway;
    const set = near.set.bind(near);
    near.set = (key, kept, ticket) => {
      const taken = set(key, kept, ticket);
      if (!taken) this.checker.refused(kept);
      return taken;
    };
  }

  #watched(tier: Tier): Tier {
    const set = tier.set.bind(tier);
    tier.set = async (kept: Entry, lease) => {
      const taken = await set(kept, lease);
      if (!taken) this.checker.refused(kept);
      return taken;
    };
    return tier;
  }

  #drop(): void {
    const cache = this.chance.oneOf(this.#caches);
    const question = this.chance.oneOf(questions);
    const number = this.#drops.push(Date.now()) - 1;
    const names = this.chance.happens(0.5) ? { keys: [keyOf(question)] } : { tags: [...question.tags] };
    const entries = { ...names, tags: [...(names.tags ?? []), `drop-${number}`] };
    void this.wire
      .call(cache.bus, cache.bus, dropAnswers.timeoutMs, () => cache.answers.drop(entries))
      .catch(() => undefined);
  }

  #readSomething(): void {
    if (!this.chance.happens(0.4)) return;
    // Half of all reads are for the first three questions: keys that many processes have at once.
    const question = this.chance.oneOf(this.chance.happens(0.5) ? questions.slice(0, 3) : questions);
    void this.#read(this.chance.oneOf(this.#gateways), question);
  }

  async #read({ name, reads }: Gateway, { call, request }: Asked): Promise<Answer | undefined> {
    const knew = this.checker.knows(name);
    try {
      const { near, key, cache } = await this.#inContext(undefined, undefined, () => reads.read(call, request));
      const answer = { ...near.answer, cache };
      this.checker.served({ by: name, key, answer, kept: cache === 'l1-hit' ? near : undefined }, knew);
      return answer;
    } catch {
      return undefined;
    }
  }

  #askSecondTier(answers: AnswersService, { call, request }: Asked): Promise<Answer | undefined> {
    const question = { subject: call.subject, request: canonicalJson(request) };
    return this.#inContext(undefined, undefined, () => answers.read(question, caller)).catch(() => undefined);
  }

  #askCache(from: FakeBus, request: { subject: string; request: string }): Promise<Answer> {
    const cache = this.chance.oneOf(this.#caches);
    const readAfter = currentContext()?.readAfter;
    const { timeoutMs } = readAnswer;
    return this.wire.call(from, cache.bus, timeoutMs, async () => {
      const knew = this.checker.knows(cache.name);
      const answer = await this.#inContext(readAfter, timeoutMs, () => cache.answers.read(request, caller));
      this.checker.served({ by: cache.name, key: '', answer, kept: undefined }, knew);
      return answer;
    });
  }

  #askOwner(from: FakeBus, call: Asked['call'], request: object): Promise<Answer> {
    const readAfter = currentContext()?.readAfter;
    // Reads do not take the publishers' way to the bus: there are others who answer.
    return this.wire.call(from, from, call.timeoutMs, () => this.market.answer(call, request, readAfter));
  }

  #inContext<T>(readAfter: string | undefined, timeoutMs: number | undefined, work: () => Promise<T>): Promise<T> {
    const context = { requestId: 'simulated', traceparent: '' };
    const deadline = timeoutMs === undefined ? {} : { deadlineMs: Date.now() + timeoutMs };
    return withContext({ ...context, ...deadline, ...(readAfter === undefined ? {} : { readAfter }) }, work);
  }
}

/**
 * What a reader says in the end. It may join a read from before the healing whose question was lost, or be given the
 * last good answer, marked stale: while a key that failed then rests, or whenever one of a short life is refreshed.
 */
async function answerOf(read: () => Promise<Answer | undefined>): Promise<unknown> {
  let said: unknown = 'nothing';
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const answer = await read();
    if (answer !== undefined) said = saidBy(answer).shows;
    if (answer !== undefined && answer.cache !== 'stale') return said;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return said;
}
