import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  Failure,
  listAuthPools,
  listCachePools,
  listMarketDataPools,
  ListPoolsRequest,
  type PoolState,
} from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { fromQuery } from '../http/input.js';

const sources = [
  { service: 'auth', call: listAuthPools },
  { service: 'cache', call: listCachePools },
  { service: 'market-data', call: listMarketDataPools },
] as const;

type ServicePool = PoolState & { readonly service: string };

interface AllPools {
  readonly pools: readonly ServicePool[];
  /** Services that did not answer: theirs are missing. */
  readonly unavailable: readonly string[];
}

@ApiTags('operations')
@Controller('api/v2/pools')
export class PoolsController {
  constructor(private readonly bus: Bus) {}

  @Get()
  @Operates(listMarketDataPools, { summary: 'Connection pools of every service', query: ListPoolsRequest })
  list(@Req() request: FastifyRequest): Promise<AllPools> {
    fromQuery(ListPoolsRequest, request);
    return this.#all();
  }

  @Get(':name')
  @Operates(listMarketDataPools, { summary: 'One connection pool', path: ['name'] })
  async get(@Param('name') name: string): Promise<ServicePool> {
    const { pools, unavailable } = await this.#all();
    const pool = pools.find((one) => one.name === name);
    if (pool !== undefined) return pool;
    // It may be one of theirs.
    if (unavailable.length > 0)
      throw new Failure('unavailable', `No answer from ${unavailable.join(', ')}`, { retryAfterS: 1 });
    throw new Failure('not_found', 'There is no such pool');
  }

  async #all(): Promise<AllPools> {
    const answers = await Promise.all(sources.map((source) => this.#ask(source)));
    return {
      pools: answers.flatMap(({ pools }) => pools ?? []),
      unavailable: answers.flatMap(({ service, pools }) => (pools === undefined ? [service] : [])),
    };
  }

  async #ask({ service, call }: (typeof sources)[number]): Promise<{ service: string; pools?: ServicePool[] }> {
    try {
      const { pools } = await this.bus.call(call, {});
      return { service, pools: pools.map((pool) => ({ ...pool, service })) };
    } catch (error) {
      if (error instanceof Failure && (error.code === 'unavailable' || error.code === 'timeout')) return { service };
      throw error;
    }
  }
}
