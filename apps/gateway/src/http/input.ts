import type { Readable } from 'node:stream';
import { Failure, problems, timeframeAliases, type ProblemName } from '@mystocks/contracts';
import { check, InvalidInput, type CheckOptions, type ShapeClass } from '@mystocks/validation';
import type { FastifyRequest } from 'fastify';
import { JsonBody } from './json-text.js';

const nameOfNumber = new Map(Object.entries(problems).map(([name, code]) => [code as number, name as ProblemName]));

/** {@link check} for a door: what is wrong becomes a `Failure` that names every field. */
export function checkInput<T extends object>(shape: ShapeClass<T>, raw: unknown, options: CheckOptions = {}): T {
  try {
    return check(shape, raw, options);
  } catch (error) {
    throw error instanceof InvalidInput ? invalidInput(error) : error;
  }
}

/** One named problem when all violations are of that kind (SYMBOL_INVALID_FORMAT, say), else VALIDATION_ERROR. */
export function invalidInput(error: InvalidInput): Failure {
  const codes = new Set(error.violations.map(({ code }) => code));
  const [code] = codes;
  const problem = codes.size === 1 && code !== undefined ? nameOfNumber.get(code) : undefined;
  const detail = error.violations
    .map(({ pointer, message }) => `${pointer.slice(1) || 'The body'} ${message}`)
    .join('; ');
  return new Failure('invalid', detail.slice(0, 500), {
    errors: error.violations,
    ...(problem === undefined ? {} : { problem }),
  });
}

/** Query string, path parameters and fields of a form checked as text; none wins: a name may appear once. */
export function fromQuery<T extends object>(
  shape: ShapeClass<T>,
  request: FastifyRequest,
  fields: Readonly<Record<string, string>> = {},
): T {
  const raw = queryOf(request);
  const add = (from: string, given: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(given)) {
      if (name === '*') continue;
      if (Object.hasOwn(raw, name)) throw new Failure('invalid', `${name} is given in the ${from} and in the query`);
      raw[name] = value;
    }
  };
  add('path', request.params as Record<string, string>);
  add('form', fields);
  const timeframe = raw['timeframe'];
  if (timeframe !== undefined && Object.hasOwn(timeframeAliases, timeframe)) {
    raw['timeframe'] = timeframeAliases[timeframe] ?? timeframe;
  }
  return checkInput(shape, raw, { from: 'text' });
}

/** The parameters of the query string; a parameter given twice is refused, whatever the two say. */
function queryOf(request: FastifyRequest): Record<string, string> {
  const url = request.raw.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? textFields('') : textFields(url.slice(at + 1));
}

/** `a=1&b=2` as an object without prototype. */
export function textFields(text: string): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    if (Object.hasOwn(fields, name)) throw new Failure('invalid', `${name.slice(0, 60)} is given twice`);
    fields[name] = at < 0 ? '' : decoded(pair.slice(at + 1));
  }
  return fields;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw new Failure('invalid', 'A parameter is not percent-encoded UTF-8', { cause: error });
  }
}

/** The JSON body checked; any other kind of body is refused. */
export function fromJson<T extends object>(shape: ShapeClass<T>, request: FastifyRequest): T {
  return checkInput(shape, jsonOf(request).value);
}

export function jsonOf(request: FastifyRequest): JsonBody {
  if (request.body instanceof JsonBody) return request.body;
  throw new Failure('unsupported_media', 'This needs a body of Content-Type application/json');
}

/** A form with a file (`multipart/form-data`), unread; a class, so that no other route takes it for its body. */
export class MultipartBody {
  constructor(readonly stream: Readable) {}
}

/** A form (`application/x-www-form-urlencoded`) as the parser left it. */
export class FormBody {
  constructor(readonly fields: Record<string, string>) {}
}
