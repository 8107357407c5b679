import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  latestQuotes,
  listBars,
  ListBarsRequest,
  listInstruments,
  ListInstrumentsRequest,
  QuotesRequest,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { listFromText } from '@mystocks/validation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { checkInput, fromQuery } from '../http/input.js';
import { ageOf, provenanceHeaders } from '../http/headers.js';
import { ReadsService, type ReadCall } from '../reads/reads.service.js';
import { envelope } from './envelope.js';
import { KlineQuery, stockSymbol, type BarsDocument, toBarsRequest, toKlineRows } from './kline.js';
import { popular, QuotesQuery, StocksQuery, toQuoteRows, toStockRows } from './listings.js';

type Document = Record<string, unknown>;

/** The market routes of v1: the questions and shapes of the original over the reads of v2. */
@ApiTags('v1')
@Controller('api/v1/market')
export class MarketV1Controller {
  constructor(private readonly reads: ReadsService) {}

  @Get('kline')
  @Operates(listBars, {
    summary:
      'Bars; without adjust adjusted to the newest price (qfq), or raw with the header X-Adjustment: raw where no factor is stored',
    query: KlineQuery,
    deprecated: true,
  })
  async kline(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Document> {
    const wanted = checkInput(ListBarsRequest, toBarsRequest(fromQuery(KlineQuery, request)));
    const document = await this.#read<BarsDocument, ListBarsRequest>([request, reply], listBars, wanted);
    if (document.meta.adjustment !== wanted.adjustment) {
      void reply.header('x-adjustment', `${document.meta.adjustment}; reason="no adjustment factor is stored"`);
    }
    const rows = toKlineRows(document);
    return envelope(rows, `获取K线数据成功，共${rows.length}条记录`, about(request));
  }

  @Get('quotes')
  @Operates(latestQuotes, { summary: 'Latest quotes', query: QuotesQuery, deprecated: true })
  async quotes(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Document> {
    const { symbols: given } = fromQuery(QuotesQuery, request);
    const symbols = given === undefined ? popular : listFromText(given).map(stockSymbol);
    const wanted = checkInput(QuotesRequest, { symbols });
    const quotes = toQuoteRows(await this.#read([request, reply], latestQuotes, wanted));
    const data = { quotes, total: quotes.length, symbols, source: 'mystocks', endpoint: 'quotes' };
    return envelope(data, `获取${quotes.length}只股票实时行情成功`, about(request));
  }

  @Get('stocks')
  @Operates(listInstruments, { summary: 'Instruments', query: StocksQuery, deprecated: true })
  async stocks(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Document> {
    const { search, exchange, security_type, limit } = fromQuery(StocksQuery, request);
    const filter = {
      limit,
      ...(search === undefined ? {} : { q: search }),
      ...(exchange === undefined ? {} : { exchange }),
    };
    const wanted = checkInput(ListInstrumentsRequest, filter);
    const stocks = toStockRows(await this.#read([request, reply], listInstruments, wanted), security_type);
    const asked = { search: search ?? null, exchange: exchange ?? null, security_type: security_type ?? null };
    return envelope(
      { stocks, total: stocks.length, source: 'real', ...asked },
      `获取股票列表成功，共${stocks.length}条记录`,
      about(request),
    );
  }

  /** The envelope is frozen as it was; how old the values are stands in the headers of v2. */
  async #read<Shape, Request extends object>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    call: ReadCall<Request>,
    wanted: Request,
  ): Promise<Shape> {
    const { near, cache } = await this.reads.read(call, wanted);
    factsOf(request).cache = cache;
    const { answer } = near;
    const head = [...provenanceHeaders(answer), 'age', ageOf(answer.built_at_ms, systemClock.now()), 'x-cache', cache];
    for (let at = 0; at < head.length; at += 2) void reply.header(head[at] ?? '', head[at + 1] ?? '');
    return JSON.parse(answer.body.toString()) as Shape;
  }
}

const about = (request: FastifyRequest): { requestId: string; nowMs: number } => ({
  requestId: factsOf(request).context.requestId,
  nowMs: systemClock.now(),
});
