import { Controller, Delete, HttpCode, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import { dropAnswers, Failure, type DroppedAnswers } from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';
import { chunked } from '@mystocks/kernel';
import { Operates } from '../docs/operation.js';
import { fromJson, fromQuery } from '../http/input.js';
import { InvalidateBody, KeyInPath } from './cache.shapes.js';
import { keyOf, tagsOfSymbol } from './entry-names.js';

/** What one call takes. */
const TAGS_AT_ONCE = 1_000;

/** Kept answers that operators want gone, in both tiers of the whole system. */
@ApiTags('operations')
@Controller('api/v2/cache')
export class EntriesController {
  constructor(private readonly bus: Bus) {}

  @Delete('keys/:key')
  @Operates(dropAnswers, { summary: 'Drop one kept answer', query: KeyInPath, path: ['key'] })
  dropKey(@Req() request: FastifyRequest): Promise<DroppedAnswers> {
    const { key } = fromQuery(KeyInPath, request);
    return this.bus.call(dropAnswers, { keys: [keyOf(key)] });
  }

  @Post('invalidate')
  @HttpCode(200)
  @Operates(dropAnswers, { summary: 'Drop kept answers by tag or symbol', body: InvalidateBody, bodyMax: 65_536 })
  async invalidate(@Req() request: FastifyRequest): Promise<DroppedAnswers> {
    const { tags = [], symbols = [] } = fromJson(InvalidateBody, request);
    const named = tags.length + symbols.length;
    if (named < 1 || named > 1_000)
      throw new Failure('invalid', 'tags and symbols must name 1 to 1,000 things together');
    const wanted = [...new Set([...tags, ...symbols.flatMap(tagsOfSymbol)])];
    let dropped = 0;
    for (const some of chunked(wanted, TAGS_AT_ONCE))
      dropped += (await this.bus.call(dropAnswers, { tags: some })).dropped;
    return { dropped };
  }
}
