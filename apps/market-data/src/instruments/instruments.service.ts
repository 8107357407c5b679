import { Injectable } from '@nestjs/common';
import { Failure, type Answer, type ListInstrumentsRequest } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { answerOf } from './answer-of.js';
import { InstrumentDirectory } from './instrument-directory.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { readPageToken, toPageToken } from './page-token.js';
import { parseAlias } from './symbols.js';

@Injectable()
export class InstrumentsService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: InstrumentsRepository,
  ) {}

  /** A page of instruments in the order of their symbols. */
  async list(request: ListInstrumentsRequest): Promise<Answer> {
    const builtAtMs = systemClock.now();
    const { exchange, status, q, limit, page_token } = request;
    const parsed = q === undefined ? undefined : parseAlias(q);
    const symbol = parsed !== undefined && 'symbol' in parsed ? parsed.symbol : undefined;
    const after = page_token === undefined ? undefined : readPageToken(page_token);
    // One more than asked for tells whether there is a next page.
    const lines = await this.repository.list({ exchange, status, q, symbol, after, limit: limit + 1 });
    const page = lines.slice(0, limit);
    const last = page.at(-1);
    const next = lines.length > limit && last !== undefined ? toPageToken(last.symbol) : null;
    const symbols = page.map(({ item }) => item).join(',');
    return answerOf(`{"symbols":[${symbols}],"next_page_token":${JSON.stringify(next)}}`, builtAtMs);
  }

  async get(alias: string): Promise<Answer> {
    const builtAtMs = systemClock.now();
    const { id } = await this.directory.resolve(alias);
    const line = await this.repository.get(id);
    if (line === undefined)
      throw new Failure('not_found', `There is no instrument ${alias}`, { problem: 'MARKET_DATA_NOT_FOUND' });
    return answerOf(line.item, builtAtMs);
  }
}
