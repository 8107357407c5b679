import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  cacheModel,
  CacheModelRequest,
  cacheStatus,
  CacheStatusRequest,
  Failure,
  prewarmStatus,
  PrewarmStatusRequest,
  warmAnswers,
  type CacheModel,
  type PrewarmStatus,
} from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BatchTally } from '../files/tally.js';
import { Operates } from '../docs/operation.js';
import { fromJson, fromQuery } from '../http/input.js';
import { CacheStateService, type CacheState } from './cache-state.service.js';
import { PrewarmBody } from './cache.shapes.js';
import { readsOf } from './prewarm.js';

@ApiTags('operations')
@Controller('api/v2/cache')
export class CacheController {
  constructor(
    private readonly bus: Bus,
    private readonly state: CacheStateService,
  ) {}

  @Get('status')
  @Operates(cacheStatus, { summary: 'State of both cache tiers', query: CacheStatusRequest })
  status(@Req() request: FastifyRequest): Promise<CacheState> {
    fromQuery(CacheStatusRequest, request);
    return this.state.read();
  }

  @Get('prewarm/status')
  @Operates(prewarmStatus, {
    summary: 'Warm-ups, and how much of what they loaded was used',
    query: PrewarmStatusRequest,
  })
  prewarmed(@Req() request: FastifyRequest): Promise<PrewarmStatus> {
    return this.bus.call(prewarmStatus, fromQuery(PrewarmStatusRequest, request));
  }

  @Get('model')
  @Operates(cacheModel, { summary: 'What decides which symbols are warmed', query: CacheModelRequest })
  model(@Req() request: FastifyRequest): Promise<CacheModel> {
    return this.bus.call(cacheModel, fromQuery(CacheModelRequest, request));
  }

  @Post('prewarm')
  @Operates(warmAnswers, {
    summary: 'Load answers into the cache before they are requested; the stored answers come from their owners',
    body: PrewarmBody,
    bodyMax: 1_048_576,
    answers: { 200: 'all are there', 207: 'some are there', 422: 'none is there' },
  })
  async prewarm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const wanted = readsOf(fromJson(PrewarmBody, request));
    const count = wanted.reads.length;
    if (count < 1 || count > 1_000)
      throw new Failure('invalid', 'reads and symbols must name 1 to 1,000 reads together');
    const tally = new BatchTally();
    tally.add(await this.bus.call(warmAnswers, wanted), { firstIndex: 0, firstLine: 1, keepAll: true });
    return tally.send(reply, { lines: false });
  }
}
