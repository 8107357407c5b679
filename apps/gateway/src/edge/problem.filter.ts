import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { discardRest, isHeldBack, problemDocument, type Problem } from '@mystocks/edge';
import { systemClock } from '@mystocks/kernel';
import { log, withContext } from '@mystocks/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deprecationHeaders } from '../v1/deprecation.js';
import { factsOf } from '../http/facts.js';
import { versionOf } from '../http/meter.js';
import { isIncomplete } from '../http/request-body.js';
import { problemHeaders, problemV1, problemOf } from '../http/problem.js';
import { allowedMethods } from './route-table.js';

/** The only place where a failure becomes an HTTP answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/** Sends the problem document (v2 and everything else) or the v1 envelope. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const facts = factsOf(request);
  const path = pathOf(request);
  const { problem, allow } = refined(problemOf(error), error, request, path);
  if (problem.status >= 500) {
    withContext(facts.context, () => {
      noteServerFailure(problem, path);
    });
  }
  // When a stream breaks half way, its head was already sent: closing the connection is the only signal left.
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  if (isHeldBack(reply.raw)) void reply.header('connection', 'close');
  else if (problem.status !== 408 && isIncomplete(request)) {
    // Fastify would close the connection after an error in a body.
    void reply.header('connection', 'keep-alive');
    discardRest(request.raw);
  }
  void reply.code(problem.status).headers(problemHeaders(problem));
  if (allow !== undefined) void reply.header('allow', allow);
  if (versionOf(path) === 'v1') {
    void reply.headers(deprecationHeaders(path)).header('content-type', 'application/json; charset=utf-8');
    void reply.send(Buffer.from(JSON.stringify(problemV1(problem, facts, systemClock.now()))));
    return;
  }
  void reply.header('content-type', 'application/problem+json; charset=utf-8');
  void reply.send(Buffer.from(JSON.stringify(problemDocument(problem, facts.context, path))));
}

/** A known path with another method is 405, not 404. */
function refined(
  problem: Problem,
  error: unknown,
  request: FastifyRequest,
  path: string,
): { readonly problem: Problem; readonly allow?: string } {
  if (!(error instanceof HttpException) || problem.status !== 404) return { problem };
  const allow = allowedMethods(request.server, path);
  return allow === '' ? { problem } : { problem: problemOf(new HttpException('', 405)), allow };
}

function noteServerFailure(problem: Problem, path: string): void {
  const { failure } = problem;
  if (failure.code === 'internal') log.error({ err: failure.cause ?? failure, path }, 'request failed');
  else log.warn({ failure: failure.code, detail: failure.message, path }, 'request failed');
}

function pathOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '/';
  const at = url.indexOf('?');
  return (at < 0 ? url : url.slice(0, at)).slice(0, 512);
}
