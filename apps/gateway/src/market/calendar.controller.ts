import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CalendarRequest, ClockRequest, getClock, listCalendar } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';
import { AnswersService } from '../reads/answers.service.js';

@ApiTags('calendar')
@Controller('api/v2')
export class CalendarController {
  constructor(private readonly answers: AnswersService) {}

  @Get('calendar')
  @Operates(listCalendar, { summary: 'Trading days and their sessions', query: CalendarRequest })
  calendar(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], listCalendar, fromQuery(CalendarRequest, request));
  }

  @Get('clock')
  @Operates(getClock, { summary: 'Trading phase now, next open and close', query: ClockRequest })
  clock(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], getClock, fromQuery(ClockRequest, request));
  }
}
