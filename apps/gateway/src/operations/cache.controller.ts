import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import { cacheStatus, CacheStatusRequest, type CacheStatus } from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';
import { NearAnswers } from '../reads/near-answers.js';

@ApiTags('operations')
@Controller('api/v2/cache')
export class CacheController {
  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  @Get('status')
  @Operates(cacheStatus, { summary: 'State of both cache tiers', query: CacheStatusRequest })
  async status(@Req() request: FastifyRequest): Promise<CacheStatus & { readonly l1_entries: number }> {
    const status = await this.bus.call(cacheStatus, fromQuery(CacheStatusRequest, request));
    return { ...status, l1_entries: this.near.size };
  }
}
