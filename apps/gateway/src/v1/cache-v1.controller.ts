import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { cacheStatus, CacheStatusRequest } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { fromQuery } from '../http/input.js';
import { CacheStateService, type CacheState } from '../operations/cache-state.service.js';
import { envelope } from './envelope.js';

@ApiTags('v1')
@Controller('api/v1/cache')
export class CacheV1Controller {
  constructor(private readonly state: CacheStateService) {}

  @Get('status')
  @Operates(cacheStatus, { summary: 'Statistics of the cache', query: CacheStatusRequest, deprecated: true })
  async status(@Req() request: FastifyRequest): Promise<Record<string, unknown>> {
    fromQuery(CacheStatusRequest, request);
    const nowMs = systemClock.now();
    const about = { requestId: factsOf(request).context.requestId, nowMs };
    return envelope(toStatistics(await this.state.read(), nowMs), '获取缓存统计信息成功', about);
  }
}

/**
 * The original knew one cache: a read that either tier answered is a hit. What nobody counts is null, never a number.
 */
function toStatistics({ l1, l2 }: CacheState, nowMs: number): Record<string, unknown> {
  const hits = l1.hits + (l2?.hits ?? 0);
  const misses = l2?.misses ?? l1.misses;
  const rate = hits + misses === 0 ? 0 : hits / (hits + misses);
  return {
    total_reads: hits + misses,
    total_writes: null,
    cache_hits: hits,
    cache_misses: misses,
    hit_rate: Math.round(rate * 10_000) / 10_000,
    hit_rate_percent: `${(rate * 100).toFixed(1)}%`,
    timestamp: new Date(nowMs).toISOString(),
  };
}
