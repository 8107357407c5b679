import type { IncomingHttpHeaders } from 'node:http';
import { Failure, type CacheState } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { LSN } from '@mystocks/kernel';
import { requestIdFrom, traceparentFrom, type RequestContext } from '@mystocks/telemetry';
import type { FastifyRequest } from 'fastify';

/** What the edge knows of a request while it is under way. */
export interface Facts {
  /** `performance.now()` when it came. */
  readonly startedMs: number;
  readonly context: { -readonly [Name in keyof RequestContext]: RequestContext[Name] };
  caller: Caller | undefined;
  cache: CacheState | undefined;
}

const DEADLINE_MAX_MS = 60_000;
const TOKEN_LENGTH_MAX = 4_096;

const known = new WeakMap<object, Facts>();

/**
 * The facts of a request. They are made when they are first read, so that even an answer to an unreadable URL carries its ids;
 * `startedMs` counts only then.
 */
export function factsOf(request: Pick<FastifyRequest, 'raw'>, startedMs = performance.now()): Facts {
  const facts = known.get(request.raw) ?? {
    startedMs,
    context: {
      requestId: requestIdFrom(request.raw.headers['x-request-id']),
      traceparent: traceparentFrom(request.raw.headers['traceparent']),
    },
    caller: undefined,
    cache: undefined,
  };
  known.set(request.raw, facts);
  return facts;
}

/**
 * Reads the deadline and the causal token of a request into its context.
 * @throws {Failure} `invalid` when one of them is malformed
 */
export function readBudget(facts: Facts, headers: IncomingHttpHeaders, nowMs: number): void {
  const deadline = headers['x-deadline-ms'];
  if (deadline !== undefined) {
    const ms = typeof deadline === 'string' && /^\d{1,5}$/.test(deadline) ? Number(deadline) : 0;
    if (ms < 1 || ms > DEADLINE_MAX_MS) {
      throw new Failure('invalid', `X-Deadline-Ms must be a whole number from 1 to ${DEADLINE_MAX_MS}`);
    }
    facts.context.deadlineMs = nowMs + ms;
  }
  const readAfter = headers['x-read-after'];
  if (readAfter !== undefined) {
    if (typeof readAfter !== 'string' || !LSN.test(readAfter)) {
      throw new Failure('invalid', 'X-Read-After must be a value that a write answered, such as 0/16B3748');
    }
    facts.context.readAfter = readAfter;
  }
}

/** The token of `Authorization: Bearer …`; the header is the only place where one is looked for. */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > TOKEN_LENGTH_MAX + 14) return undefined;
  const match = /^Bearer {1,8}([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization);
  return match?.[1];
}
