import { Injectable } from '@nestjs/common';
import {
  Failure,
  failureCodes,
  type Answer,
  type ListInstrumentsRequest,
  type ResolvedInstrument,
  type ResolvedInstruments,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { answerOf } from './answer-of.js';
import { InstrumentDirectory } from './instrument-directory.js';
import { InstrumentsRepository, type InstrumentFilter, type InstrumentLine } from './instruments.repository.js';
import { readPageToken, toPageToken } from './page-token.js';
import { folded, nameMatcher } from './search/name-search.js';
import { parseAlias } from './symbols.js';

type Search = InstrumentFilter & { readonly q: string; readonly limit: number };

@Injectable()
export class InstrumentsService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: InstrumentsRepository,
  ) {}

  /** A page of instruments in the order of their symbols. */
  async list(request: ListInstrumentsRequest): Promise<Answer> {
    const builtAtMs = systemClock.now();
    const { q, limit, page_token } = request;
    const after = page_token === undefined ? undefined : readPageToken(page_token);
    // One more row than requested shows whether there is a next page.
    const lines =
      q === undefined
        ? await this.repository.list(request, after, limit + 1)
        : await this.#search({ ...request, q, limit: limit + 1 }, after);
    const page = lines.slice(0, limit);
    const last = page.at(-1);
    const next = lines.length > limit && last !== undefined ? toPageToken(last.symbol) : null;
    const symbols = page.map(({ item }) => item).join(',');
    return answerOf(`{"symbols":[${symbols}],"next_page_token":${JSON.stringify(next)}}`, builtAtMs);
  }

  /**
   * Names are compared in this process, because PostgreSQL cannot compare pinyin. They are read for every search, so that
   * the answer contains every write that the caller has seen.
   */
  async #search({ q, limit, ...filter }: Search, after = ''): Promise<InstrumentLine[]> {
    const wanted = folded(q);
    if (wanted === '') {
      const errors = [{ pointer: '/q', code: failureCodes.invalid.number, message: 'must not be blank' }];
      throw new Failure('invalid', 'q is blank', { errors });
    }
    const parsed = parseAlias(wanted);
    const symbol = parsed !== undefined && 'symbol' in parsed ? parsed.symbol : undefined;
    const hasName = nameMatcher(wanted);
    const found = (await this.repository.names(filter)).filter(
      (one) =>
        one.symbol > after &&
        (one.symbol === symbol ||
          one.symbol.startsWith(wanted.toUpperCase()) ||
          (one.name !== null && hasName(one.name))),
    );
    return this.repository.some(found.slice(0, limit).map((one) => one.symbol));
  }

  async get(alias: string): Promise<Answer> {
    const builtAtMs = systemClock.now();
    const { id } = await this.directory.resolve(alias);
    const line = await this.repository.get(id);
    if (line === undefined)
      throw new Failure('not_found', `There is no instrument ${alias}`, { problem: 'MARKET_DATA_NOT_FOUND' });
    return answerOf(line.item, builtAtMs);
  }

  /** Resolves each spelling on its own: one that names no instrument or several does not affect the others. */
  async resolve(spellings: readonly string[]): Promise<ResolvedInstruments> {
    return { instruments: await Promise.all(spellings.map((asked) => this.#resolve(asked))) };
  }

  async #resolve(asked: string): Promise<ResolvedInstrument> {
    try {
      const found = await this.directory.find(asked);
      return found === undefined ? { asked } : { asked, symbol: found.symbol };
    } catch (error) {
      if (error instanceof Failure && error.candidates !== undefined) {
        return { asked, candidates: [...error.candidates] };
      }
      throw error;
    }
  }
}
