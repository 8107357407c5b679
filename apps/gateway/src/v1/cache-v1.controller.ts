import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { cacheStatus, CacheStatusRequest } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { fromQuery } from '../http/input.js';
import { CacheStateService, type NearState } from '../operations/cache-state.service.js';
import { envelope } from './envelope.js';

@ApiTags('v1')
@Controller('api/v1/cache')
export class CacheV1Controller {
  constructor(private readonly state: CacheStateService) {}

  @Get('status')
  @Operates(cacheStatus, { summary: 'Statistics of the cache', query: CacheStatusRequest, deprecated: true })
  status(@Req() request: FastifyRequest): Record<string, unknown> {
    fromQuery(CacheStatusRequest, request);
    const nowMs = systemClock.now();
    const about = { requestId: factsOf(request).context.requestId, nowMs };
    return envelope(toStatistics(this.state.first(), nowMs), '获取缓存统计信息成功', about);
  }
}

/**
 * The original knew one cache, in its own process: that is the first tier. The second counts other gateways' reads too,
 * and since another start, so that no sum of both would be true. A number that is not counted is null.
 */
function toStatistics({ hits, misses }: NearState, nowMs: number): Record<string, unknown> {
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
