import { jest } from '@jest/globals';
import { readAnswer, type Answer, type Call } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { systemClock, type Clock } from '@mystocks/kernel';
import type { FakeBus } from '@mystocks/testing';
import { MemoryTier } from '@mystocks/tiered-cache';
import { AnswersService } from '../../apps/cache/src/answers/answers.service.js';
import { AccessesService } from '../../apps/gateway/src/accesses/accesses.service.js';
import { AnswerSource } from '../../apps/gateway/src/reads/answer-source.js';
import { NearAnswers, NearCoherence } from '../../apps/gateway/src/reads/near-answers.js';
import { ReadsService } from '../../apps/gateway/src/reads/reads.service.js';

const caller: Caller = { id: 'reader', username: 'reader', roles: ['user'], expiresAtMs: Infinity };
const GRACE_MS = 900_000;

/** One read as a client of the gateway has it. */
export interface ClientRead {
  /** With `cache` as the header says it. */
  readonly answer: Answer;
  readonly cacheControl: string | undefined;
}

/**
 * The real gateway's reads over the real cache service, in this process and on a clock of the test's own; who owns the
 * answers is on `bus` already.
 */
export function openTwoTiers(
  bus: FakeBus,
  clock: Clock,
): { read(call: Call<object, Answer>, request: object): Promise<ClientRead> } {
  jest.spyOn(systemClock, 'now').mockImplementation(() => clock.now());
  const cache = new AnswersService(bus, new MemoryTier(clock), { clock, graceMs: GRACE_MS });
  cache.onModuleInit();
  bus.answer(readAnswer, (request) => cache.read(request, caller));
  const near = new NearAnswers(GRACE_MS);
  new NearCoherence(bus.bus, near).onModuleInit();
  const reads = new ReadsService(new AnswerSource(bus.bus), near, new AccessesService(bus.bus));
  return {
    read: async (call, request) => {
      const { near: found, cache: state } = await reads.read(call, request);
      // What is asked for again in the background is there before the clock goes on.
      if (state === 'stale') await new Promise((resolve) => setImmediate(resolve));
      const at = found.head.indexOf('cache-control');
      return { answer: { ...found.answer, cache: state }, cacheControl: at < 0 ? undefined : found.head[at + 1] };
    },
  };
}
