import { barsChanged, listBars, type Answer } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext, withContext, type RequestContext } from '@mystocks/telemetry';
import { FakeBus } from '@mystocks/testing';
import { MemoryTier } from '@mystocks/tiered-cache';
import { AnswersService } from '../src/answers/answers.service.js';

export const caller: Caller = { id: 'id', username: 'desk', roles: ['user'], expiresAtMs: Infinity };
export const request = { subject: listBars.subject, request: '{"symbol":"600519.SH"}' };

/** Bars as market-data would answer them; `text` is their tag. */
export const answer = (text: string, more: Partial<Answer> = {}): Answer => ({
  body: Buffer.from(`{"meta":{"quality":"eod"},"v":"${text}"}`),
  quality: 'eod',
  quality_at: 19,
  etag: `"${text}"`,
  tags: ['600519.SH'],
  ttl_ms: 1_000,
  built_at_ms: 1,
  ...more,
});

/** A question that waits for the test to answer it. */
export interface Waiting {
  answer(value: Answer): void;
  fail(error: Error): void;
}

/** One or several processes of the cache service on one clock and one tier. Their owner is the test. */
export class CacheSystem {
  nowMs = 1_000_000;
  readonly clock = { now: (): number => this.nowMs };
  readonly tier = new MemoryTier(this.clock);
  /** Context of each question the owner was asked, oldest first. */
  readonly asked: (RequestContext | undefined)[] = [];
  origin: () => Answer | Promise<Answer> = () => answer('one');
  readonly bus = this.#answering(new FakeBus('cache'));
  readonly first = this.#start(this.bus);

  constructor() {
    // Events may have been missed before the start: nothing is stored for a second.
    this.nowMs += 1_000;
  }

  /** One more process beside the first. */
  another(): AnswersService {
    const service = this.#start(this.#answering(this.bus.beside('cache')));
    this.nowMs += 1_000;
    return service;
  }

  read(about: Partial<RequestContext> = {}, service = this.first, asked = request): Promise<Answer> {
    return withContext({ requestId: 'request-1', traceparent: '', ...about }, () => service.read(asked, caller));
  }

  /** From now on the owner's answers wait for the test. */
  hold(): Waiting[] {
    const waiting: Waiting[] = [];
    this.origin = () => new Promise((resolve, reject) => waiting.push({ answer: resolve, fail: reject }));
    return waiting;
  }

  /** The event of a write; resolves when every instance has received it. */
  async announce(symbol: string, lsn: string): Promise<void> {
    const bar = { t: '2024-06-14', o: 1, h: 1, l: 1, c: 1, v: 1 };
    const days = { from: '2024-06-14', to: '2024-06-14' };
    this.bus.publish(barsChanged, { symbol, timeframe: '1Day', ...days, bar, received_at_ms: 1, lsn });
    await new Promise(setImmediate);
  }

  #answering(bus: FakeBus): FakeBus {
    return bus.answer(listBars, () => {
      this.asked.push(currentContext());
      return this.origin();
    });
  }

  #start(bus: FakeBus): AnswersService {
    const service = new AnswersService(bus, this.tier, { clock: this.clock, graceMs: 10_000 });
    service.onModuleInit();
    return service;
  }
}

/** Lets promises and short timers run until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const giveUpMs = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > giveUpMs) throw new Error('it did not happen within 10 s');
    await new Promise(setImmediate);
  }
}
