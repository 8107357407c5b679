import { Readable } from 'node:stream';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  Failure,
  ingestBars,
  ingestInstruments,
  type IngestBarsRequest,
  type IngestRequest,
  type Operation,
} from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';
import { elementsOf } from '../http/json-text.js';
import { sendOperation } from '../uploads/operation-document.js';
import { WholeStreamService } from '../uploads/whole-stream.service.js';
import { BatchService, type Target } from './batch.service.js';
import { BarsBatchQuery, BatchBody, BatchQuery } from './batch.shapes.js';
import { BatchTally } from './tally.js';

const batch = {
  consumes: ['application/json', 'application/x-ndjson', 'text/csv'],
  answers: {
    200: 'all stored',
    202: 'on_error=abort of a long stream: still being stored, as an operation',
    207: 'some stored',
    422: 'none stored',
  },
  once: true,
};

@ApiTags('batch')
@Controller('api/v2/batch')
export class BatchController {
  constructor(
    private readonly batches: BatchService,
    private readonly wholes: WholeStreamService,
  ) {}

  @Post('bars')
  @Operates(ingestBars, { summary: 'Store bars', query: BarsBatchQuery, body: BatchBody, ...batch })
  bars(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { timeframe, register, ...query } = fromQuery(BarsBatchQuery, request);
    const common = { register, ...(timeframe === undefined ? {} : { timeframe }), ...idempotencyKeyOf(request) };
    return this.#take([request, reply], { kind: 'bars', call: ingestBars, common }, query);
  }

  @Post('symbols')
  @Operates(ingestInstruments, { summary: 'Store instruments', query: BatchQuery, body: BatchBody, ...batch })
  symbols(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const common = idempotencyKeyOf(request);
    return this.#take(
      [request, reply],
      { kind: 'instruments', call: ingestInstruments, common },
      fromQuery(BatchQuery, request),
    );
  }

  async #take<Request extends IngestRequest>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    target: Target<Request>,
    query: BatchQuery,
  ): Promise<FastifyReply> {
    const tally =
      request.body instanceof Readable
        ? await this.#stream(request, request.body, target, query)
        : await this.#json(request, target, query);
    if (!(tally instanceof BatchTally)) return sendOperation(reply, 202, tally, factsOf(request));
    if (tally.stored === 0 && tally.status === 200) throw new Failure('invalid', 'The body has no lines');
    return tally.send(reply, { lines: request.body instanceof Readable });
  }

  #stream<Request extends IngestRequest>(
    request: FastifyRequest,
    body: Readable,
    target: Target<Request>,
    query: BatchQuery,
  ): Promise<BatchTally | Operation> {
    const format = (request.headers['content-type'] ?? '').toLowerCase().startsWith('text/csv') ? 'csv' : 'ndjson';
    // The request must outlive its reader: destroying it would cut off the answer too.
    const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    if (query.on_error === 'continue') {
      return this.batches.stream(target, chunks, { format, atOnce: query.concurrency });
    }
    // Block by block nothing could be taken back: all of it is staged first.
    const { idempotency_key: key, ...common } = target.common as Partial<IngestBarsRequest>;
    const kind = target.kind === 'bars' ? 'bars' : 'symbols';
    const options = { register: false, ...common, ...query, kind } as const;
    return this.wholes.store({ text: { format, chunks }, options, key });
  }

  #json<Request extends IngestRequest>(
    request: FastifyRequest,
    target: Target<Request>,
    query: BatchQuery,
  ): ReturnType<BatchService['items']> {
    const body = jsonOf(request);
    checkInput(BatchBody, body.value);
    const items = elementsOf(body, 'items');
    if (items.length === 0) throw new Failure('invalid', 'items must be a list of 1 to 1,000 items');
    return this.batches.items(target, items, query.on_error);
  }
}
