import type { IncomingMessage, ServerResponse } from 'node:http';
import { securityHeaders } from '@mystocks/edge';
import { authorize, type Caller, type TokenVerifier } from '@mystocks/identity';
import { LSN, systemClock } from '@mystocks/kernel';
import { requestIdFrom, traceIdOf, traceparentFrom, type AccessLog } from '@mystocks/telemetry';
import type { NearAnswer, NearAnswers } from '../reads/near-answers.js';
import { ageOf, matchesEtag } from '../http/headers.js';
import { hotHeadersOf, tokenOf, type HotHeaders } from './hot-headers.js';

const security: readonly string[] = Object.entries(securityHeaders).flat();

/**
 * Answers a read that this process has answered before, without parsing it again: the same URL, a token that was
 * verified before and has not ended, a role the contract allows, and an answer that no write has invalidated.
 * Everything else goes the long way (`false`), which decides by the same rules and says what is wrong.
 */
export class HotPath {
  constructor(
    private readonly parts: {
      readonly verifier: TokenVerifier;
      readonly near: NearAnswers;
      readonly accessLog: AccessLog;
    },
  ) {}

  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const startedMs = performance.now();
    if (request.method !== 'GET') return false;
    const asked = hotHeadersOf(request.rawHeaders);
    const token = asked === undefined ? undefined : tokenOf(asked.authorization);
    if (asked === undefined || token === undefined) return false;
    const caller = this.parts.verifier.remembered(token);
    if (caller === undefined) return false;
    const { readAfter } = asked;
    if (readAfter !== undefined && !LSN.test(readAfter)) return false;
    const nowMs = systemClock.now();
    const mayHave = ({ route }: NearAnswer): boolean => route !== undefined && isAllowed(route.allow, caller);
    const kept = this.parts.near.getByAlias(request.url ?? '', nowMs, readAfter, mayHave);
    if (kept === undefined) return false;
    this.#send(asked, response, kept, { nowMs, startedMs, caller });
    return true;
  }

  #send(
    asked: HotHeaders,
    response: ServerResponse,
    kept: NearAnswer,
    { nowMs, startedMs, caller }: { readonly nowMs: number; readonly startedMs: number; readonly caller: Caller },
  ): void {
    const { route, answer } = kept;
    if (route === undefined) return;
    kept.reads.add();
    const requestId = requestIdFrom(asked.requestId);
    const traceparent = traceparentFrom(asked.traceparent);
    const fresh = matchesEtag(asked.ifNoneMatch, answer.etag);
    const status = fresh ? 304 : 200;
    const head = [
      ...kept.head,
      ...security,
      'age',
      ageOf(answer.built_at_ms, nowMs),
      'x-cache',
      'l1-hit',
      'x-request-id',
      requestId,
      'traceparent',
      traceparent,
    ];
    if (!fresh)
      head.push('content-type', 'application/json; charset=utf-8', 'content-length', String(answer.body.length));
    response.writeHead(status, head);
    response.end(fresh ? undefined : answer.body);
    const durationMs = performance.now() - startedMs;
    route.meter.record(status, durationMs);
    this.parts.accessLog.write({
      method: 'GET',
      path: route.path,
      status,
      durationMs,
      requestId,
      traceId: traceIdOf(traceparent),
      userId: caller.id,
      cache: 'l1-hit',
    });
  }
}

function isAllowed(allow: Parameters<typeof authorize>[0], caller: Caller): boolean {
  try {
    authorize(allow, caller);
    return true;
  } catch {
    // Not here: the long way refuses with the right words.
    return false;
  }
}
