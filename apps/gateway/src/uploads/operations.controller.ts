import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import { cancelOperation, getOperation, OperationRequest, readReport, type IngestItem } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { fromQuery } from '../http/input.js';
import { sendOperation } from './operation-document.js';
import { reportCsv } from './report-csv.js';

const PAGE_LINES = 1_000;

@ApiTags('operations')
@Controller('api/v2/operations')
export class OperationsController {
  constructor(private readonly bus: Bus) {}

  @Get(':id')
  @Operates(getOperation, { summary: 'State of an operation', query: OperationRequest, path: ['id'] })
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const operation = await this.bus.call(getOperation, fromQuery(OperationRequest, request));
    return sendOperation(reply, 200, operation, factsOf(request));
  }

  @Delete(':id')
  @HttpCode(202)
  @Operates(cancelOperation, {
    summary: 'End an operation before its next block; what was stored stays, with on_error=abort nothing was',
    query: OperationRequest,
    path: ['id'],
    answers: { 202: 'It is asked to end, or has' },
  })
  async cancel(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const operation = await this.bus.call(cancelOperation, fromQuery(OperationRequest, request));
    return sendOperation(reply, 202, operation, factsOf(request));
  }

  @Get(':id/report')
  @Operates(readReport, {
    summary: 'Refused lines as CSV: line, id, code, message',
    query: OperationRequest,
    path: ['id'],
  })
  async report(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { id } = fromQuery(OperationRequest, request);
    // Asked before the head goes out, so that a failure still has its status.
    const first = await this.#page(id, 0);
    void reply.header('content-type', 'text/csv; charset=utf-8');
    void reply.header('content-disposition', `attachment; filename="${id}-report.csv"`);
    return reply.send(Readable.from(reportCsv(this.#pages(id, first))));
  }

  async *#pages(id: string, first: readonly IngestItem[]): AsyncGenerator<readonly IngestItem[]> {
    for (let page = first; ;) {
      yield page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_LINES) return;
      page = await this.#page(id, last.line);
    }
  }

  async #page(id: string, afterLine: number): Promise<readonly IngestItem[]> {
    return (await this.bus.call(readReport, { id, after_line: afterLine, limit: PAGE_LINES })).lines;
  }
}
