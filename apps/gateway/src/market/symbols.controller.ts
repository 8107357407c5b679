import { Controller, Delete, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  getInstrument,
  GetInstrumentRequest,
  listInstruments,
  ListInstrumentsRequest,
  removeInstrument,
} from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';
import { AnswerSender } from './answer-sender.js';

@ApiTags('symbols')
@Controller('api/v2/symbols')
export class SymbolsController {
  constructor(
    private readonly answers: AnswerSender,
    private readonly bus: Bus,
  ) {}

  @Get()
  @Operates(listInstruments, { summary: 'Instruments, filtered', query: ListInstrumentsRequest })
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], listInstruments, fromQuery(ListInstrumentsRequest, request));
  }

  @Get(':symbol')
  @Operates(getInstrument, {
    summary: 'One instrument, in any spelling',
    query: GetInstrumentRequest,
    path: ['symbol'],
  })
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], getInstrument, fromQuery(GetInstrumentRequest, request));
  }

  @Delete(':symbol')
  @Operates(removeInstrument, {
    summary: 'Remove an instrument of which neither bars nor quotes are stored (409 otherwise)',
    query: GetInstrumentRequest,
    path: ['symbol'],
    answers: { 200: 'removed; X-Read-After names the write' },
  })
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { symbol, lsn } = await this.bus.call(removeInstrument, fromQuery(GetInstrumentRequest, request));
    return reply.header('x-read-after', lsn).send({ symbol, removed: true });
  }
}
