import type { IncomingMessage, ServerResponse } from 'node:http';
import { jest } from '@jest/globals';
import {
  barsChanged,
  INSTRUMENTS_TAG,
  instrumentsChanged,
  Failure,
  quoteChanged,
  readAnswer,
  type Answer,
  type CacheEntries,
} from '@mystocks/contracts';
import type { Caller, TokenVerifier } from '@mystocks/identity';
import { withContext, type AccessLog } from '@mystocks/telemetry';
import { FakeBus } from '@mystocks/testing';
import { answerKey, canonicalJson, MemoryTier } from '@mystocks/tiered-cache';
import { AnswersService as SecondAnswers } from '../../../apps/cache/src/answers/answers.service.js';
import { AccessesService } from '../../../apps/gateway/src/accesses/accesses.service.js';
import { HotPath } from '../../../apps/gateway/src/edge/hot-path.js';
import { AnswerSource } from '../../../apps/gateway/src/reads/answer-source.js';
import { AnswerSender } from '../../../apps/gateway/src/market/answer-sender.js';
import { NearAnswers, NearCoherence } from '../../../apps/gateway/src/reads/near-answers.js';
import { ReadsService } from '../../../apps/gateway/src/reads/reads.service.js';
import { LeavingTier } from './leaving-tier.js';
import type { Mood, Seen } from './oracle.js';
import { questions, type Question } from './questions.js';

const TICK_MS = 250;
const BAR = { t: '2025-01-02', o: 1, h: 1, l: 1, c: 1, v: 1 };
const reader = (roles: Caller['roles']): Caller => ({ id: 'r', username: 'r', roles, expiresAtMs: Infinity });
const callers: ReadonlyMap<string, Caller> = new Map([
  ['one', reader(['user'])],
  ['two', reader(['analyst'])],
  ['auditor', reader(['auditor'])],
]);

/** How a client was answered, and which write the answer shows. */
export interface ClientRead {
  readonly seen: Seen;
  readonly shows: number | undefined;
  readonly byHotPath: boolean;
}

/** A reply or response that is only looked at afterwards. */
class Sent {
  readonly head = new Map<string, string>();
  body: unknown;
  header(name: string, value: string): this {
    this.head.set(name, value);
    return this;
  }
  code(): this {
    return this;
  }
  send(body: unknown): this {
    this.body = body;
    return this;
  }
  writeHead(_status: number, head: readonly string[]): void {
    for (let at = 0; at < head.length; at += 2) this.head.set(head[at] ?? '', head[at + 1] ?? '');
  }
  end(body: unknown): void {
    this.body = body;
  }
}

type Exchange = Parameters<AnswerSender['send']>[0];

interface Gateway {
  readonly bus: FakeBus;
  readonly hot: HotPath;
  readonly answers: AnswerSender;
}

/** The real gateways' reads (hot path and long way) and the real cache service, on a fake bus and jest's clock. */
export class RealSystem {
  readonly tier = new LeavingTier(new MemoryTier({ now: () => Date.now() }));
  mood: Mood = 'well';
  cacheServiceIsAway = false;
  readonly #market = new FakeBus('market-data');
  readonly #cacheBus = this.#market.beside('cache');
  readonly #cache: SecondAnswers;
  readonly #gateways: readonly Gateway[];
  readonly #versions = new Map<string, number>();

  constructor(gateways: number, graceMs: number) {
    this.#cache = new SecondAnswers(this.#cacheBus, this.tier, { graceMs });
    this.#answerOn(this.#cacheBus);
    this.#cache.onModuleInit();
    this.#gateways = Array.from({ length: gateways }, () => this.#open(graceMs));
    const buses = [this.#market, this.#cacheBus, ...this.#gateways.map(({ bus }) => bus)];
    setInterval(() => {
      for (const bus of buses) bus.tick(performance.now());
    }, TICK_MS);
  }

  async passTime(ms: number): Promise<void> {
    await jest.advanceTimersByTimeAsync(ms);
  }

  /** The newest write that an answer to `question` must show. */
  newest({ tags }: Question): number {
    return Math.max(0, ...tags.map((tag) => this.#versions.get(tag) ?? 0));
  }

  async read(place: number, question: Question, caller: string, readAfter: string | undefined): Promise<ClientRead> {
    const { hot, answers } = this.#gateway(place);
    const { url, call, request } = question;
    const sent = new Sent();
    const after = readAfter === undefined ? {} : { 'x-read-after': readAfter };
    const headers = { authorization: `Bearer ${caller}`, ...after };
    const raw = { method: 'GET', url, headers, rawHeaders: Object.entries(headers).flat() };
    if (hot.answer(raw as unknown as IncomingMessage, sent as unknown as ServerResponse)) return seenOf(sent, true);
    const asked = { method: 'GET', raw, headers, routeOptions: { url: '/template' } } as unknown as Exchange[0];
    const context = { requestId: 'oracle', traceparent: '', ...(readAfter === undefined ? {} : { readAfter }) };
    try {
      await withContext(context, () => answers.send([asked, sent as unknown as Exchange[1]], call, request));
      return seenOf(sent, false);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { seen: 'failed', shows: undefined, byHotPath: false };
    } finally {
      // What is asked for again in the background is there before anything else happens.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Whether an auditor, who may read nothing here, is answered by the hot path. */
  auditorIsAnswered(place: number, { url }: Question): boolean {
    const raw = { method: 'GET', url, rawHeaders: ['authorization', 'Bearer auditor'] };
    return this.#gateway(place).hot.answer(raw as unknown as IncomingMessage, new Sent() as unknown as ServerResponse);
  }

  /** A write at `lsn`; `lost`: its event reaches no process. */
  async write(tag: string, lsn: number, lost = false): Promise<void> {
    this.#versions.set(tag, lsn);
    if (lost) this.#market.lose(1);
    const told = { lsn: lsnOf(lsn), received_at_ms: 0 };
    if (tag === INSTRUMENTS_TAG) this.#market.publish(instrumentsChanged, { count: 1, lsn: told.lsn });
    else if (tag.startsWith('quote:'))
      this.#market.publish(quoteChanged, {
        ...{ ...told, seq: lsn },
        quote: { symbol: tag.slice(6), t: '2025-01-02T09:31:00+08:00' },
      });
    else
      this.#market.publish(barsChanged, { ...told, symbol: tag, timeframe: '1Day', from: BAR.t, to: BAR.t, bar: BAR });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async drop(entries: CacheEntries): Promise<void> {
    await this.#cache.drop(entries);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #open(graceMs: number): Gateway {
    const bus = this.#market.beside('gateway');
    this.#answerOn(bus);
    bus.answer(readAnswer, (request) => {
      if (this.cacheServiceIsAway) throw new Failure('unavailable', 'no instance answers');
      return this.#cache.read(request, callers.get('one'));
    });
    const near = new NearAnswers(graceMs);
    new NearCoherence(bus.bus, near).onModuleInit();
    const reads = new ReadsService(new AnswerSource(bus.bus), near, new AccessesService(bus.bus));
    const verifier = { remembered: (token: string) => callers.get(token) } as unknown as TokenVerifier;
    const accessLog = { write: () => undefined } as unknown as AccessLog;
    return { bus, hot: new HotPath({ verifier, near, accessLog }), answers: new AnswerSender(reads, near) };
  }

  #answerOn(bus: FakeBus): void {
    for (const call of new Set(questions.map((one) => one.call)))
      bus.answer(call, (request) => this.#owner(call, request));
  }

  #owner(call: Question['call'], request: object): Answer {
    const question = questions.find((one) => keyOf(one) === answerKey(call.subject, canonicalJson(request)));
    if (question === undefined) throw new Error(`no client calls ${call.subject} ${canonicalJson(request)}`);
    if (this.mood === 'named') throw new Failure('unavailable', 'Not now', { problem: 'MARKET_DATA_UNAVAILABLE' });
    if (this.mood !== 'well') throw new Failure(this.mood, 'Not now');
    const shows = this.newest(question);
    const { ttlMs, swrMs, tags } = question;
    return {
      body: Buffer.from(JSON.stringify({ shows })),
      ...{ etag: `"${shows}"`, tags: [...tags], ttl_ms: ttlMs, swr_ms: swrMs, built_at_ms: Date.now() },
    };
  }

  #gateway(place: number): Gateway {
    const gateway = this.#gateways[place];
    if (gateway === undefined) throw new Error(`no gateway ${String(place)}`);
    return gateway;
  }
}

/** Log positions as the bus carries them. */
export const lsnOf = (lsn: number): string => `0/${lsn.toString(16).toUpperCase()}`;

export const keyOf = ({ call, request }: Question): string => answerKey(call.subject, canonicalJson(request));

function seenOf({ head, body }: Sent, byHotPath: boolean): ClientRead {
  const { shows } = JSON.parse((body as Buffer).toString()) as { shows: number };
  return { seen: head.get('x-cache') as Seen, shows, byHotPath };
}
