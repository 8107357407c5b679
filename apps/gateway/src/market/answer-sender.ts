import { Injectable } from '@nestjs/common';
import { systemClock } from '@mystocks/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { factsOf } from '../http/facts.js';
import { matchesEtag } from '../http/headers.js';
import { ageOf } from '../http/headers.js';
import { meterOf } from '../http/meter.js';
import { NearAnswers } from '../reads/near-answers.js';
import { ReadsService, type ReadCall, type View } from '../reads/reads.service.js';

/** Sends the answer of a read over HTTP, with its provenance, or 304. Remembers its URL for the hot path. */
@Injectable()
export class AnswerSender {
  constructor(
    private readonly reads: ReadsService,
    private readonly near: NearAnswers,
  ) {}

  async send<Request extends object>(
    [httpRequest, reply]: readonly [FastifyRequest, FastifyReply],
    call: ReadCall<Request>,
    request: Request,
    view?: View,
  ): Promise<FastifyReply> {
    const { near, key, cache } = await this.reads.read(call, request, view);
    const url = httpRequest.raw.url ?? '';
    if (httpRequest.method === 'GET') {
      const [path = url] = url.split('?', 1);
      near.route ??= { allow: call.allow, meter: meterOf('GET', httpRequest.routeOptions.url), path };
      this.near.alias(url, key);
    }
    factsOf(httpRequest).cache = cache;
    const { answer, head } = near;
    for (let at = 0; at < head.length; at += 2) void reply.header(head[at] ?? '', head[at + 1] ?? '');
    void reply.header('age', ageOf(answer.built_at_ms, systemClock.now())).header('x-cache', cache);
    if (matchesEtag(httpRequest.headers['if-none-match'], answer.etag)) return reply.code(304).send();
    return reply.header('content-type', 'application/json; charset=utf-8').send(answer.body);
  }
}
