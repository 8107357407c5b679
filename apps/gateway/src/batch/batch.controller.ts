import { Readable } from 'node:stream';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  Failure,
  ingestBars,
  ingestFactors,
  ingestInstruments,
  type IngestBarsRequest,
  type IngestRequest,
  type Operation,
  type UploadKind,
} from '@mystocks/contracts';
import { discardRest, problemDocument } from '@mystocks/edge';
import { log } from '@mystocks/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';
import { elementsOf } from '../http/json-text.js';
import { problemOf } from '../http/problem.js';
import { isIncomplete } from '../http/request-body.js';
import type { FileText } from '../uploads/file-text.js';
import { sendOperation } from '../uploads/operation-document.js';
import { WholeStreamService } from '../uploads/whole-stream.service.js';
import { BatchService, type BatchKind, type Target } from './batch.service.js';
import { BarsBatchQuery, BatchBody, BatchQuery } from './batch.shapes.js';
import { namedCharset } from '../files/charset.js';
import { RefusedLines } from './refused-lines.js';
import { BatchTally } from '../files/tally.js';

const batch = {
  consumes: ['application/json', 'application/x-ndjson', 'text/csv'],
  answers: {
    200: 'all stored; with Accept: application/x-ndjson every refused line as it is found, and the report as the last line',
    202: 'on_error=abort of a long stream: still being stored, as an operation',
    207: 'some stored',
    422: 'none stored',
  },
  bodyMax: 1_048_576,
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
    const { timeframe, register, format, stamps, symbol, ...query } = fromQuery(BarsBatchQuery, request);
    const common = {
      register,
      ...onceOrDry(request, query),
      ...(timeframe === undefined ? {} : { timeframe }),
      ...(format === undefined ? {} : { dialect: format }),
      ...(stamps === undefined ? {} : { stamps }),
      ...(symbol === undefined ? {} : { symbol }),
    };
    return this.#take([request, reply], { kind: 'bars', call: ingestBars, common }, query);
  }

  @Post('symbols')
  @Operates(ingestInstruments, { summary: 'Store instruments', query: BatchQuery, body: BatchBody, ...batch })
  symbols(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const query = inOrder(fromQuery(BatchQuery, request));
    const target = { kind: 'instruments', call: ingestInstruments, common: onceOrDry(request, query) } as const;
    return this.#take([request, reply], target, query);
  }

  @Post('factors')
  @Operates(ingestFactors, {
    summary: 'Store adjustment factors by ex-date (code, exchange, ex_date, factor)',
    query: BatchQuery,
    body: BatchBody,
    ...batch,
  })
  factors(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const query = inOrder(fromQuery(BatchQuery, request));
    const target = { kind: 'factors', call: ingestFactors, common: onceOrDry(request, query) } as const;
    return this.#take([request, reply], target, query);
  }

  async #take<Request extends IngestRequest>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    target: Target<Request>,
    query: BatchQuery,
  ): Promise<FastifyReply> {
    if (request.body instanceof Readable && wantsLines(request, query)) {
      return this.#sendLines([request, reply], request.body, target, query);
    }
    const tally =
      request.body instanceof Readable
        ? await this.#stream(request, request.body, target, query)
        : await this.#json(request, target, query);
    if (!(tally instanceof BatchTally)) return sendOperation(reply, 202, tally, factsOf(request));
    if (tally.stored === 0 && tally.status === 200) throw new Failure('invalid', 'The body has no lines');
    return tally.send(reply, { lines: request.body instanceof Readable, dryRun: query.dry_run });
  }

  /** Every refused line while the batch is stored, then the report; the status says only that it began. */
  async #sendLines<Request extends IngestRequest>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    body: Readable,
    target: Target<Request>,
    query: BatchQuery,
  ): Promise<FastifyReply> {
    const refused = new RefusedLines();
    const text = textOf(request, body, query.charset);
    const stored = this.batches.stream(target, text, { atOnce: query.concurrency, refused });
    await Promise.race([refused.begun, stored]);
    stored.then(
      (tally) => {
        refused.end({
          status: tally.status,
          read_after: tally.lsn ?? null,
          ...tally.document({ lines: true, dryRun: query.dry_run }),
          items: [],
        });
      },
      (error: unknown) => {
        log.warn({ err: error }, 'batch broke off after its answer had begun');
        if (isIncomplete(request)) discardRest(request.raw);
        refused.end({
          problem: problemDocument(problemOf(error), factsOf(request).context, request.url.split('?', 1)[0] ?? ''),
        });
      },
    );
    return reply.code(200).header('content-type', 'application/x-ndjson; charset=utf-8').send(refused.body);
  }

  #stream<Request extends IngestRequest>(
    request: FastifyRequest,
    body: Readable,
    target: Target<Request>,
    { charset, dry_run: dryRun, ...query }: BatchQuery,
  ): Promise<BatchTally | Operation> {
    const text = textOf(request, body, charset);
    if (query.on_error === 'continue' || dryRun) {
      return this.batches.stream(target, text, { atOnce: query.concurrency });
    }
    // Block by block nothing could be taken back: all of it is staged first.
    const { idempotency_key: key, ...common } = target.common as Partial<IngestBarsRequest>;
    const options = { register: false, ...common, ...query, kind: uploadKindOf(target.kind) };
    return this.wholes.store({ text, options, key });
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

/** One block after the other: of two lines about one thing the later one is stored. */
const inOrder = (query: BatchQuery): BatchQuery => ({ ...query, concurrency: 1 });

const uploadKindOf = (kind: BatchKind): UploadKind => (kind === 'bars' || kind === 'factors' ? kind : 'symbols');

/** Whether every refused line is wanted, and not only the first 1,000 of them with the answer. */
const wantsLines = ({ headers }: FastifyRequest, { on_error, dry_run }: BatchQuery): boolean =>
  (on_error === 'continue' || dry_run) && (headers.accept ?? '').includes('application/x-ndjson');

/** The body as a line stream. The request must outlive its reader: destroying it would cut off the answer too. */
function textOf({ headers }: FastifyRequest, body: Readable, charset: string | undefined): FileText {
  const type = headers['content-type'] ?? '';
  return {
    format: type.toLowerCase().startsWith('text/csv') ? 'csv' : 'ndjson',
    charset: namedCharset(charset, type),
    chunks: body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>,
  };
}

/** A dry run stores nothing that could be stored twice. */
const onceOrDry = (request: FastifyRequest, query: BatchQuery): Pick<IngestRequest, 'dry_run' | 'idempotency_key'> =>
  query.dry_run ? { dry_run: true } : idempotencyKeyOf(request);
