import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  Failure,
  GetInstrumentRequest,
  latestQuotes,
  Quote,
  QuotesRequest,
  recordQuotes,
  type RecordQuotesRequest,
  snapshots,
} from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BatchService } from '../batch/batch.service.js';
import { BatchTally } from '../files/tally.js';
import { Operates } from '../docs/operation.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';
import { AnswerSender } from './answer-sender.js';
import { QuotesBody, QuotesList } from './quotes.shapes.js';
import { singleQuote } from './single-quote.js';

@ApiTags('quotes')
@Controller('api/v2')
export class QuotesController {
  constructor(
    private readonly answers: AnswerSender,
    private readonly batches: BatchService,
  ) {}

  @Get('stocks/quotes/latest')
  @Operates(latestQuotes, { summary: 'Latest quotes of up to 100 symbols', query: QuotesRequest })
  latest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], latestQuotes, fromQuery(QuotesRequest, request));
  }

  @Get('stocks/:symbol/quotes/latest')
  @Operates(latestQuotes, { summary: 'Latest quote of one symbol', query: GetInstrumentRequest, path: ['symbol'] })
  latestOne(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { symbol } = fromQuery(GetInstrumentRequest, request);
    return this.answers.send(
      [request, reply],
      latestQuotes,
      { symbols: [symbol] },
      { name: 'single', map: singleQuote },
    );
  }

  @Get('stocks/snapshots')
  @Operates(snapshots, { summary: 'Latest quote, daily bar, previous daily bar and phase', query: QuotesRequest })
  snapshots(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], snapshots, fromQuery(QuotesRequest, request));
  }

  @Post('quotes')
  @Operates(recordQuotes, {
    summary: 'One quote, or {quotes:[…]} of up to 1,000, from a feed',
    body: QuotesBody,
    bodyMax: 1_048_576,
    answers: { 200: 'all stored', 207: 'some stored', 422: 'none stored' },
    once: true,
  })
  async record(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const tally = new BatchTally();
    const quotes = { ...quotesIn(jsonOf(request).value), ...idempotencyKeyOf(request) };
    const report = await this.batches.send('quotes', recordQuotes, quotes);
    tally.add(report, { firstIndex: 0, firstLine: 1, keepAll: true });
    return tally.send(reply, { lines: false });
  }
}

function quotesIn(value: unknown): RecordQuotesRequest {
  const many = typeof value === 'object' && value !== null && 'quotes' in value;
  if (!many) return { quotes: [checkInput(Quote, value)] };
  const { quotes } = checkInput(QuotesList, value);
  if (quotes.length === 0) throw new Failure('invalid', 'quotes must be a list of 1 to 1,000 quotes');
  return { quotes };
}
