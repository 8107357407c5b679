import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { IDEMPOTENCY_KEY, type Call } from '@mystocks/contracts';
import type { ShapeClass } from '@mystocks/validation';
import type { RouteRules } from '../http/before-body.js';
import { AllowedBy } from '../identity/policy.js';

export interface Operation {
  readonly summary: string;
  /** Shape of path and query together; by default the call's request. */
  readonly query?: ShapeClass;
  /** Names of its fields that stand in the path. */
  readonly path?: readonly string[];
  readonly body?: ShapeClass;
  /** Content types of the body; JSON where a body has no other. Anything else is refused before it is read. */
  readonly consumes?: readonly string[];
  /** Bytes of a JSON body or a form, at most; 16 KiB where absent. */
  readonly bodyMax?: number;
  /** A call of it makes auth hash a password: its clients share the turns (auth/password-admission.ts). */
  readonly hashesPassword?: boolean;
  /** Success statuses and what they mean. */
  readonly answers?: Readonly<Record<number, string>>;
  readonly deprecated?: boolean;
  /** Honours `Idempotency-Key`. */
  readonly once?: boolean;
}

const deadline = {
  name: 'X-Deadline-Ms',
  required: false,
  schema: { type: 'integer', minimum: 1, maximum: 60_000 },
  description: 'Milliseconds the caller waits; after them nothing is begun any more and the answer is 504.',
} as const;

const readAfter = {
  name: 'X-Read-After',
  required: false,
  schema: { type: 'string', example: '0/16B3748' },
  description: 'The X-Read-After that a write answered: what is read shows at least that write.',
} as const;

const idempotencyKey = {
  name: 'Idempotency-Key',
  required: false,
  schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  description:
    'The write is done once: sending the same request again under the same key gives the same answer with Idempotency-Replayed: true. Kept for at least 48 hours.',
} as const;

// The keys under which @nestjs/swagger keeps the properties that libs/validation declared.
const PROPERTIES = 'swagger/apiModelPropertiesArray';
const PROPERTY = 'swagger/apiModelProperties';

type Schema = Record<string, unknown>;

/** Policy and OpenAPI of a route, both from its contract. */
export function Operates(call: Call, operation: Operation): MethodDecorator {
  const { summary, deprecated, body, answers, once, path = [] } = operation;
  const consumes = operation.consumes ?? (body === undefined ? [] : ['application/json']);
  const rules: RouteRules = {
    allow: call.allow,
    ...(consumes.length > 0 && { consumes }),
    ...(operation.bodyMax !== undefined && { bodyMax: operation.bodyMax }),
    ...(operation.hashesPassword === true && { hashesPassword: true }),
  };
  return applyDecorators(
    AllowedBy(call),
    ApiOperation({ summary, ...(deprecated === true ? { deprecated } : {}) }),
    ...parameters(operation.query, path),
    ApiHeader(deadline),
    ApiHeader(once === true ? idempotencyKey : readAfter),
    ...(body === undefined ? [] : [ApiBody({ type: body })]),
    RouteConfig(rules),
    ...(consumes.length === 0 ? [] : [ApiConsumes(...consumes)]),
    ...Object.entries(answers ?? { 200: 'OK' }).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, headers: answerHeaders(Number(status), once === true) }),
    ),
    ApiResponse({ status: 'default', description: 'Problem (RFC 9457; in v1 the envelope)' }),
  );
}

/** The headers of a success that a caller goes on with. */
function answerHeaders(
  status: number,
  once: boolean,
): Record<string, { description: string; schema: { type: string } }> {
  const text = (description: string): { description: string; schema: { type: string } } => ({
    description,
    schema: { type: 'string' },
  });
  return {
    ...(status === 202 && {
      Location: text('The operation to follow'),
      'Retry-After': text('Seconds until it may have moved'),
    }),
    ...(once && {
      'X-Read-After': text('Given to a later read, that read shows this write'),
      'Idempotency-Replayed': text('true: the answer of the first request under this Idempotency-Key'),
    }),
  };
}

function parameters(shape: ShapeClass | undefined, path: readonly string[]): MethodDecorator[] {
  if (shape === undefined) return path.map((name) => ApiParam({ name, schema: { type: 'string' } }));
  const prototype = shape.prototype as object;
  const names = ((Reflect.getMetadata(PROPERTIES, prototype) ?? []) as string[]).map((name) => name.slice(1));
  return names.map((name) => {
    const { required, description, type, ...schema } = (Reflect.getMetadata(PROPERTY, prototype, name) ?? {}) as Schema;
    const about = typeof description === 'string' ? { description } : {};
    const full = { type, ...schema } as object;
    if (path.includes(name)) return ApiParam({ name, schema: full, ...about });
    const defaults = (new shape() as Schema)[name];
    return ApiQuery({
      name,
      required: required !== false && defaults === undefined,
      schema: defaults === undefined ? full : { ...full, default: defaults },
      style: 'form',
      explode: false,
      ...about,
    });
  });
}
