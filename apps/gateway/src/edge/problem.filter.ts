import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { discardRest, isHeldBack, problemDocument, type Problem } from '@mystocks/edge';
import { systemClock } from '@mystocks/kernel';
import { log, withContext } from '@mystocks/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deprecationHeaders } from '../v1/deprecation.js';
import { factsOf } from '../http/facts.js';
import { versionOf } from '../http/meter.js';
import { isIncomplete } from '../http/request-body.js';
import { problemHeaders, problemV1, tell } from '../http/problem.js';
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
  const { told, allow } = refined(tell(error), error, request, path);
  if (told.status >= 500) {
    withContext(facts.context, () => {
      noteServerFailure(told, path);
    });
  }
  // The head is out already when a stream breaks half way: cutting it is all that can be told.
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  if (isHeldBack(reply.raw)) void reply.header('connection', 'close');
  else if (told.status !== 408 && isIncomplete(request)) {
    // Fastify would close the connection after an error in a body.
    void reply.header('connection', 'keep-alive');
    discardRest(request.raw);
  }
  void reply.code(told.status).headers(problemHeaders(told));
  if (allow !== undefined) void reply.header('allow', allow);
  if (versionOf(path) === 'v1') {
    void reply.headers(deprecationHeaders(path)).header('content-type', 'application/json; charset=utf-8');
    void reply.send(Buffer.from(JSON.stringify(problemV1(told, facts, systemClock.now()))));
    return;
  }
  void reply.header('content-type', 'application/problem+json; charset=utf-8');
  void reply.send(Buffer.from(JSON.stringify(problemDocument(told, facts.context, path))));
}

/** A known path with another method is 405, not 404. */
function refined(
  told: Problem,
  error: unknown,
  request: FastifyRequest,
  path: string,
): { readonly told: Problem; readonly allow?: string } {
  if (!(error instanceof HttpException) || told.status !== 404) return { told };
  const allow = allowedMethods(request.server, path);
  return allow === '' ? { told } : { told: tell(new HttpException('', 405)), allow };
}

function noteServerFailure(told: Problem, path: string): void {
  const { failure } = told;
  if (failure.code === 'internal') log.error({ err: failure.cause ?? failure, path }, 'request failed');
  else log.warn({ failure: failure.code, detail: failure.message, path }, 'request failed');
}

function pathOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '/';
  const at = url.indexOf('?');
  return (at < 0 ? url : url.slice(0, at)).slice(0, 512);
}
