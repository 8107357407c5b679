import { Failure, problems, type ProblemName } from '@mystocks/contracts';
import {
  bodyField,
  check,
  InvalidInput,
  VALIDATION_ERROR,
  type CheckOptions,
  type ShapeClass,
} from '@mystocks/validation';

/** A value as it travels: JSON, or raw bytes with the other fields as JSON in a header. */
export interface Encoded {
  readonly payload: Buffer;
  readonly meta: string | undefined;
}

/** Writes and reads one shape. */
export class Codec<T extends object> {
  readonly #body: string | undefined;

  constructor(readonly shape: ShapeClass<T>) {
    this.#body = bodyField(shape);
  }

  encode(value: T): Encoded {
    if (this.#body === undefined) return { payload: Buffer.from(JSON.stringify(value)), meta: undefined };
    const bytes = (value as Record<string, unknown>)[this.#body];
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`${this.shape.name}.${this.#body} must be bytes`);
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { payload, meta: JSON.stringify({ ...value, [this.#body]: undefined }) };
  }

  /** @throws {InvalidInput} when the bytes are not this shape; nothing else */
  decode(payload: Uint8Array, meta: string | undefined, unknown: NonNullable<CheckOptions['unknown']>): T {
    const bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    if (this.#body === undefined) return check(this.shape, parseJson(bytes.toString('utf8')), { unknown });
    const fields = parseJson(meta ?? '{}');
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw notJson('must be an object');
    // Own memory: the received bytes are a window into the socket's buffer (and Buffer.from would take a window of its
    // 64 KiB pool); kept in a cache, a small answer would keep all of that alive.
    const own = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(own);
    (fields as Record<string, unknown>)[this.#body] = own;
    return check(this.shape, fields, { unknown });
  }
}

const codecs = new WeakMap<ShapeClass, Codec<object>>();

/** The codec of a shape; made once. */
export function codecOf<T extends object>(shape: ShapeClass<T>): Codec<T> {
  const known = codecs.get(shape);
  if (known !== undefined) return known as unknown as Codec<T>;
  const codec = new Codec(shape);
  codecs.set(shape, codec as unknown as Codec<object>);
  return codec;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson('must be JSON');
  }
}

const notJson = (message: string): InvalidInput => new InvalidInput([{ pointer: '', code: VALIDATION_ERROR, message }]);

const problemOf = new Map<number, ProblemName>(
  (Object.entries(problems) as [ProblemName, number][]).map(([name, number]) => [number, name]),
);

/** A request that is not the shape, in the words of the house. */
export function invalidRequest(error: InvalidInput): Failure {
  const problem = problemOf.get(error.violations[0]?.code ?? VALIDATION_ERROR);
  return new Failure('invalid', 'The request is not valid', {
    errors: error.violations,
    ...(problem === undefined ? {} : { problem }),
  });
}
