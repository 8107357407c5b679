import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';

/** True when the headers announce a body. */
export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/**
 * Refuses a body of a type that the route does not read.
 * @throws {Failure} `unsupported_media` naming the content types that the route takes
 */
export function checkBodyType({ raw: { headers } }: FastifyRequest, consumes: readonly string[] | undefined): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Failure('unsupported_media', 'Compressed bodies are not taken');
  }
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (consumes === undefined || consumes.includes(type)) return;
  const given = type === '' ? 'but the request has none' : `not ${type.slice(0, 100)}`;
  throw new Failure('unsupported_media', `The Content-Type must be one of ${consumes.join(', ')}, ${given}`);
}

/** A DELETE takes no body, so that its Content-Type says nothing: several HTTP libraries send one with every request. */
export function forgetTypeOfNothing({ raw }: FastifyRequest): void {
  if (raw.method === 'DELETE' && !hasBody(raw.headers)) delete raw.headers['content-type'];
}

/** True while more of the body is to come. */
export const isIncomplete = ({ raw }: FastifyRequest): boolean => !raw.complete && hasBody(raw.headers);
