import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '@mystocks/contracts';
import type { BodyBudget } from '@mystocks/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.filter.js';

/** What a line stream or a file may hold in memory: the blocks under way (batch/blocks.ts) and what is being read. */
const STREAM_BYTES = 4 * 1_048_576;

/** Line streams and files are read as they come, everything else whole. */
const isReadWhole = (headers: IncomingHttpHeaders): boolean =>
  !/^(text\/csv|application\/x-ndjson|multipart\/form-data)/i.test(headers['content-type'] ?? '');

/** A body that is read whole must be here in time; line streams and files watch their own pace (batch/blocks.ts). */
export function limitBodyTime(request: FastifyRequest, reply: FastifyReply, limitMs: number): void {
  const { headers, raw } = request;
  if (!isReadWhole(headers)) return;
  const timer = setTimeout(() => {
    void reply.header('connection', 'close');
    cutOff(Object.assign(new Error('slow body'), { statusCode: 408 }), request, reply);
    raw.socket.destroySoon();
  }, limitMs).unref();
  const stop = (): void => {
    clearTimeout(timer);
  };
  raw.once('end', stop).once('close', stop);
}

/**
 * Counts what a body holds in memory until its request was answered; what is read whole is counted as it comes, so that
 * a client that announces much and sends little takes nothing from others. A body that does not fit in is cut off with
 * 503. Call it just before the body is read: from then on it comes.
 * @throws {Failure} `unavailable` when nothing more fits in
 */
export function countBody(request: FastifyRequest, reply: FastifyReply, budget: BodyBudget): void {
  const isWhole = isReadWhole(request.headers);
  let held = isWhole ? 0 : STREAM_BYTES;
  if (!budget.take(held) || budget.held >= budget.bytesMax) throw tooMuch();
  reply.raw.once('close', () => {
    budget.release(held);
    held = 0;
  });
  if (!isWhole) return;
  const counted = ({ length }: Buffer): void => {
    if (budget.take(length)) held += length;
    else cutOff(tooMuch(), request, reply);
  };
  request.raw.on('data', counted);
}

const tooMuch = (): Failure =>
  new Failure('unavailable', 'Too many bodies are being read at once; send the request again later', {
    problem: 'OVERLOADED',
    retryAfterS: 1,
  });

/** Answers in the middle of a body. Its reader hears no end: a refused request must not be carried out all the same. */
function cutOff(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  request.raw.removeAllListeners('data').removeAllListeners('end');
  sendProblem(error, request, reply);
}
