import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Failure } from '@mystocks/contracts';
import type { FastifyReply } from 'fastify';
import { Public } from '../identity/policy.js';
import { assets, page, PAGE_POLICY, start } from './page.js';

const CACHE_CONTROL = 'public, max-age=3600';

/** The OpenAPI documents for people. Nothing is loaded before the first request. */
@ApiExcludeController()
@Controller('docs')
export class PageController {
  /** At most one entry for each of {@link assets}. */
  readonly #files = new Map<string, Promise<Buffer>>();

  @Get()
  @Public()
  page(@Res() reply: FastifyReply): FastifyReply {
    return reply
      .headers({ 'content-security-policy': PAGE_POLICY, 'content-type': 'text/html; charset=utf-8' })
      .send(page);
  }

  @Get('start.js')
  @Public()
  start(@Res() reply: FastifyReply): FastifyReply {
    return reply
      .headers({ 'cache-control': CACHE_CONTROL, 'content-type': 'text/javascript; charset=utf-8' })
      .send(start);
  }

  @Get(':file')
  @Public()
  async asset(@Param('file') file: string, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const type = Object.hasOwn(assets, file) ? assets[file] : undefined;
    if (type === undefined) throw new Failure('not_found', 'There is no such file');
    const body = await this.#read(file);
    return reply.headers({ 'cache-control': CACHE_CONTROL, 'content-type': type }).send(body);
  }

  #read(file: string): Promise<Buffer> {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const reading = readFile(join(folder(), file));
    this.#files.set(file, reading);
    // A failure is answered once and not remembered.
    reading.catch(() => this.#files.delete(file));
    return reading;
  }
}

/** The swagger-ui that @nestjs/swagger brings along, wherever npm put it. */
function folder(): string {
  const own = createRequire(import.meta.url);
  const near = createRequire(own.resolve('@nestjs/swagger'));
  return dirname(near.resolve('swagger-ui-dist/package.json'));
}
