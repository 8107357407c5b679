import { Failure } from '@mystocks/contracts';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { RouteRules } from '../http/before-body.js';
import { FormBody, MultipartBody, textFields } from '../http/input.js';
import { readJson, utf8Text } from '../http/json-text.js';

/** Of a body that is read whole, unless its route takes more (docs/operation.ts). */
export const BODY_BYTES_MAX = 16_384;

/** The kinds of body there are: strict JSON, forms, and what is passed on unread: line streams and files. */
export function addParsers(server: FastifyInstance): void {
  server.addHook('onRoute', (route: RouteOptions) => {
    const { bodyMax } = (route.config ?? {}) as RouteRules;
    if (bodyMax !== undefined) route.bodyLimit = bodyMax;
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    finish(done, () => readJson(body));
  });
  server.addContentTypeParser<Buffer>(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    (_request, body, done) => {
      finish(done, () => new FormBody(textFields(utf8Text(body))));
    },
  );
  server.addContentTypeParser(['application/x-ndjson', 'text/csv'], (_request, payload, done) => {
    done(null, payload);
  });
  server.addContentTypeParser('multipart/form-data', (_request, payload, done) => {
    done(null, new MultipartBody(payload));
  });
}

function finish(done: (error: Error | null, body?: unknown) => void, read: () => unknown): void {
  let body: unknown;
  try {
    body = read();
  } catch (error) {
    done(error instanceof Error ? error : new Failure('invalid', 'The body could not be read', { cause: error }));
    return;
  }
  done(null, body);
}
