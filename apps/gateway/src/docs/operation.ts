import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { IDEMPOTENCY_KEY, type Call } from '@mystocks/contracts';
import type { ShapeClass } from '@mystocks/validation';
import { AllowedBy } from '../identity/policy.js';

export interface Operation {
  readonly summary: string;
  /** Shape of path and query together; by default the call's request. */
  readonly query?: ShapeClass;
  /** Names of its fields that stand in the path. */
  readonly path?: readonly string[];
  readonly body?: ShapeClass;
  readonly consumes?: readonly string[];
  /** Success statuses and what they mean. */
  readonly answers?: Readonly<Record<number, string>>;
  readonly deprecated?: boolean;
  /** Honours `Idempotency-Key`. */
  readonly once?: boolean;
}

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
  const { summary, deprecated, body, consumes, answers, once, path = [] } = operation;
  return applyDecorators(
    AllowedBy(call),
    ApiOperation({ summary, ...(deprecated === true ? { deprecated } : {}) }),
    ...parameters(operation.query, path),
    ...(once === true ? [ApiHeader(idempotencyKey)] : []),
    ...(body === undefined ? [] : [ApiBody({ type: body })]),
    ...(consumes === undefined ? [] : [ApiConsumes(...consumes)]),
    ...Object.entries(answers ?? { 200: 'OK' }).map(([status, description]) =>
      ApiResponse({ status: Number(status), description }),
    ),
    ApiResponse({ status: 'default', description: 'Problem (RFC 9457; in v1 the envelope)' }),
  );
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
