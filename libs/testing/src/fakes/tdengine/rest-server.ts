import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerChunks, timeTexts, type Form } from './answer-json.js';
import type { Catalog } from './run/catalog.js';
import { Unauthorized, type Credentials } from './credentials.js';
import { runStatement, type Outcome } from './run/run-statement.js';
import { TaosError, taosCodes } from './parse/taos-error.js';

/** How an answer is spoiled: see `TdengineFault`. */
export type Spoil = 'broken' | 'reset' | undefined;

interface Reply {
  readonly status: number;
  readonly chunks: Iterable<string>;
}

class BadRequest extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** taosAdapter's REST interface over the catalogue. */
export class RestServer {
  constructor(
    readonly catalog: Catalog,
    readonly credentials: Credentials,
  ) {}

  /** Answers one request whose body has been read. */
  answer(request: IncomingMessage, body: string, response: ServerResponse, spoil: Spoil): void {
    const startedNs = process.hrtime.bigint();
    const reply = this.#reply(request, body, startedNs);
    if (spoil === 'reset') return void request.socket.resetAndDestroy();
    response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8' });
    if (spoil === 'broken') return breakOff(response, reply.chunks);
    for (const chunk of reply.chunks) response.write(chunk);
    response.end();
  }

  #reply(request: IncomingMessage, body: string, startedNs: bigint): Reply {
    try {
      const url = new URL(request.url ?? '/', 'http://stand-in');
      const [, rest, route, first = '', second = ''] = url.pathname.split('/').map(decodeURIComponent);
      if (rest === 'rest' && route === 'login' && request.method === 'GET') {
        const token = this.credentials.login({ user: first, password: second });
        return { status: 200, chunks: [JSON.stringify({ code: 0, desc: token })] };
      }
      if (rest !== 'rest' || route !== 'sql' || request.method !== 'POST') {
        return { status: 404, chunks: ['404 page not found'] };
      }
      return { status: 200, chunks: this.#sql(request, url, { path: first, body, startedNs }) };
    } catch (error) {
      return refusal(error, startedNs);
    }
  }

  #sql(
    request: IncomingMessage,
    url: URL,
    { path, body, startedNs }: { path: string; body: string; startedNs: bigint },
  ): Iterable<string> {
    if (!/^-?\d*$/.test(url.searchParams.get('req_id') ?? '')) {
      throw new BadRequest(taosCodes.parameter, 'illegal param, req_id must be numeric');
    }
    this.credentials.check(request.headers.authorization);
    const form = formOf(url.searchParams);
    if (body === '') throw new BadRequest(taosCodes.emptyRequest, 'request is empty');
    if (body.trim() === '') throw new BadRequest(taosCodes.noSql, 'no sql input');
    // As the adapter's `use`, which may fail: `create database` names what is not there yet.
    const inUse = this.catalog.databases.has(path) ? path : undefined;
    const outcome: Outcome = runStatement(body.trim(), this.catalog, inUse);
    const timingNs = url.searchParams.get('timing') === 'true' ? process.hrtime.bigint() - startedNs : undefined;
    return answerChunks(outcome, { ...form, timingNs });
  }
}

function formOf(query: URLSearchParams): Omit<Form, 'timingNs'> {
  const timeZone = query.get('tz') ?? 'UTC';
  try {
    timeTexts(timeZone);
  } catch (cause) {
    throw new BadRequest(taosCodes.parameter, `unknown time zone ${timeZone}${cause instanceof RangeError ? '' : '!'}`);
  }
  const withMeta = query.get('row_with_meta') ?? 'false';
  if (!/^(1|t|true|0|f|false)$/i.test(withMeta)) {
    throw new BadRequest(taosCodes.parameter, 'illegal param, row_with_meta must be boolean');
  }
  return { timeZone, withMeta: /^(1|t)/i.test(withMeta) };
}

function refusal(error: unknown, startedNs: bigint): Reply {
  if (!(error instanceof TaosError) && !(error instanceof Unauthorized) && !(error instanceof BadRequest)) throw error;
  const status = error instanceof TaosError ? 200 : error instanceof Unauthorized ? 401 : 400;
  const timing = Number(process.hrtime.bigint() - startedNs);
  return { status, chunks: [JSON.stringify({ code: error.code, desc: error.message, timing })] };
}

// All but the last chunk is sent, so that the document is surely incomplete; then the connection ends without an end.
function breakOff(response: ServerResponse, chunks: Iterable<string>): void {
  const whole = [...chunks].join('');
  response.write(whole.slice(0, Math.max(1, whole.length >> 1)), () => response.destroy());
}
