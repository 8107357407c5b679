import { Readable } from 'node:stream';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  CalendarRequest,
  ClockRequest,
  Failure,
  getClock,
  listCalendar,
  storeCalendar,
  type StoreCalendarRequest,
} from '@mystocks/contracts';
import { Bus } from '@mystocks/bus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { blocksOf } from '../files/blocks.js';
import { Operates } from '../docs/operation.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';
import { AnswerSender } from './answer-sender.js';
import { CalendarBody } from './calendar.shapes.js';

const LIST_BYTES_MAX = 2 * 1024 * 1024;

@ApiTags('calendar')
@Controller('api/v2')
export class CalendarController {
  constructor(
    private readonly answers: AnswerSender,
    private readonly bus: Bus,
  ) {}

  @Get('calendar')
  @Operates(listCalendar, { summary: 'Trading days and their sessions', query: CalendarRequest })
  calendar(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], listCalendar, fromQuery(CalendarRequest, request));
  }

  @Post('calendar')
  @Operates(storeCalendar, {
    summary: 'Store trading days: the list states every day from its first to its last',
    body: CalendarBody,
    bodyMax: LIST_BYTES_MAX,
    consumes: ['application/json', 'text/csv'],
    answers: { 200: 'What the list changed' },
    query: ClockRequest,
  })
  async store(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    fromQuery(ClockRequest, request);
    const { lsn, ...stored } = await this.bus.call(storeCalendar, await listIn(request));
    return reply.code(200).header('x-read-after', lsn).send(stored);
  }

  @Get('clock')
  @Operates(getClock, { summary: 'Trading phase now, next open and close', query: ClockRequest })
  clock(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    return this.answers.send([request, reply], getClock, fromQuery(ClockRequest, request));
  }
}

async function listIn(request: FastifyRequest): Promise<StoreCalendarRequest> {
  if (request.body instanceof Readable) return { format: 'csv', body: await bytesOf(request.body) };
  const { value } = jsonOf(request);
  checkInput(CalendarBody, value);
  return { format: 'json', body: Buffer.from(JSON.stringify(value)) };
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let bytes = 0;
  // The request must outlive its reader: destroying it would cut off the answer too.
  for await (const block of blocksOf(body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>)) {
    blocks.push(block.body);
    bytes += block.body.length;
    if (bytes > LIST_BYTES_MAX) throw new Failure('too_large', `A calendar has at most ${LIST_BYTES_MAX} bytes`);
  }
  return Buffer.concat(blocks, bytes);
}
