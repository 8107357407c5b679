import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { listBars, ListBarsRequest, listManyBars, ListManyBarsRequest } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';
import { AnswerSender } from './answer-sender.js';

@ApiTags('bars')
@Controller('api/v2/stocks')
export class BarsController {
  constructor(private readonly answers: AnswerSender) {}

  @Get(':symbol/bars')
  @Operates(listBars, { summary: 'Bars of one symbol', query: ListBarsRequest, path: ['symbol'] })
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], listBars, fromQuery(ListBarsRequest, request));
  }

  @Get('bars')
  @Operates(listManyBars, { summary: 'Bars of up to 100 symbols', query: ListManyBarsRequest })
  listMany(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], listManyBars, fromQuery(ListManyBarsRequest, request));
  }
}
