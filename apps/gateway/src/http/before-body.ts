import type { IncomingMessage } from 'node:http';
import { NotFoundException } from '@nestjs/common';
import type { Call } from '@mystocks/contracts';
import { authorize, type TokenVerifier } from '@mystocks/identity';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../http/facts.js';
import { checkBodyType } from '../http/request-body.js';

/** What a route says about requests with a body (docs/operation.ts). */
export interface RouteRules {
  readonly allow?: Call['allow'];
  readonly consumes?: readonly string[];
  /** Bytes of a body that is read whole, at most. */
  readonly bodyMax?: number;
  readonly hashesPassword?: boolean;
}

/**
 * Decides about a request with a body before any of the body is read: no body is taken for an unknown path, and on a
 * route that needs a token none without a token. The route's guard asks again when the body is here.
 * @throws {NotFoundException} when there is no such route
 * @throws {Failure} `unauthenticated`, `forbidden`, or `unsupported_media`
 * @throws an error of status 413 for a body whose length says that it is too large
 */
export async function checkBeforeBody(request: FastifyRequest, verifier: TokenVerifier): Promise<void> {
  if (request.is404) throw new NotFoundException();
  const { allow, consumes } = request.routeOptions.config as RouteRules;
  if (allow !== undefined && allow !== 'anyone') {
    const token = bearerOf(request.headers.authorization);
    authorize(allow, token === undefined ? undefined : await verifier.verify(token));
  }
  checkBodyType(request, consumes);
  checkLength(request.raw, request.routeOptions.bodyLimit);
}

/** Streams of lines and files are limited where they are read. */
function checkLength({ headers }: IncomingMessage, bodyMax: number | undefined): void {
  const isWhole = /^application\/(json|x-www-form-urlencoded)\b/i.test(headers['content-type'] ?? '');
  if (isWhole && bodyMax !== undefined && Number(headers['content-length'] ?? 0) > bodyMax) {
    throw Object.assign(new Error('the body is too large'), { statusCode: 413 });
  }
}
