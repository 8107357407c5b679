import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { getInstrument, GetInstrumentRequest, listInstruments, ListInstrumentsRequest } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';
import { AnswersService } from '../reads/answers.service.js';

@ApiTags('symbols')
@Controller('api/v2/symbols')
export class SymbolsController {
  constructor(private readonly answers: AnswersService) {}

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
}
