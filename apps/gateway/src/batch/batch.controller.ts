import { Readable } from 'node:stream';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Failure, ingestBars, ingestInstruments, type IngestRequest } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';
import { elementsOf } from '../http/json-text.js';
import { BatchService, type Common, type Ingest } from './batch.service.js';
import { BarsBatchQuery, BatchBody, BatchQuery } from './batch.shapes.js';

const consumes = ['application/json', 'application/x-ndjson', 'text/csv'];
const answers = { 200: 'all stored', 207: 'some stored', 422: 'none stored' };

/** How long a sender whose stream was refused may go on before its connection is cut. */
const LEAVE_MS = 5_000;

@ApiTags('batch')
@Controller('api/v2/batch')
export class BatchController {
  constructor(private readonly batches: BatchService) {}

  @Post('bars')
  @Operates(ingestBars, { summary: 'Store bars', query: BarsBatchQuery, body: BatchBody, consumes, answers })
  bars(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { timeframe, register, ...query } = fromQuery(BarsBatchQuery, request);
    const common = { register, ...(timeframe === undefined ? {} : { timeframe }) };
    return this.#take([request, reply], ingestBars, common, query);
  }

  @Post('symbols')
  @Operates(ingestInstruments, { summary: 'Store instruments', query: BatchQuery, body: BatchBody, consumes, answers })
  symbols(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.#take([request, reply], ingestInstruments, {}, fromQuery(BatchQuery, request));
  }

  async #take<Request extends IngestRequest>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    call: Ingest<Request>,
    common: Common<Request>,
    query: BatchQuery,
  ): Promise<FastifyReply> {
    const tally =
      request.body instanceof Readable
        ? await this.#stream(request, request.body, call, common, query)
        : await this.#json(request, call, common, query);
    if (tally.stored === 0 && tally.status === 200) throw new Failure('invalid', 'The body has no lines');
    return tally.send(reply, { lines: request.body instanceof Readable });
  }

  async #stream<Request extends IngestRequest>(
    request: FastifyRequest,
    body: Readable,
    call: Ingest<Request>,
    common: Common<Request>,
    query: BatchQuery,
  ): ReturnType<BatchService['stream']> {
    if (query.on_error === 'abort') {
      throw new Failure('unprocessable', 'on_error=abort needs a JSON batch: a line stream is stored block by block');
    }
    const format = (request.headers['content-type'] ?? '').toLowerCase().startsWith('text/csv') ? 'csv' : 'ndjson';
    // The request must outlive its reader: destroying it would cut off the answer too.
    const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    try {
      return await this.batches.stream(call, common, chunks, { format, atOnce: query.concurrency });
    } catch (error) {
      leaveSoon(request);
      throw error;
    }
  }

  #json<Request extends IngestRequest>(
    request: FastifyRequest,
    call: Ingest<Request>,
    common: Common<Request>,
    query: BatchQuery,
  ): ReturnType<BatchService['items']> {
    const body = jsonOf(request);
    checkInput(BatchBody, body.value);
    const items = elementsOf(body, 'items');
    if (items.length === 0) throw new Failure('invalid', 'items must be a list of 1 to 1,000 objects');
    return this.batches.items(call, common, items, query.on_error);
  }
}

function leaveSoon({ raw }: FastifyRequest): void {
  // After the reader has let go of the stream; before, resuming has no effect.
  setImmediate(() => raw.resume());
  setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, LEAVE_MS).unref();
}
