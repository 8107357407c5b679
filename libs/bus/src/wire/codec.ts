import { Failure, problems, type ProblemName } from '@mystocks/contracts';
import {
  bodyField,
  check,
  InvalidInput,
  VALIDATION_ERROR,
  type CheckOptions,
  type ShapeClass,
} from '@mystocks/validation';

/** An encoded value: JSON, or the bytes of its body field with the other fields as JSON in a header. */
export interface Encoded {
  readonly payload: Buffer;
  readonly meta: string | undefined;
}

/** Encodes and decodes values of one shape. */
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

  /** @throws {InvalidInput} when the bytes do not have this shape; it throws nothing else */
  decode(payload: Uint8Array, meta: string | undefined, unknown: NonNullable<CheckOptions['unknown']>): T {
    const bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    if (this.#body === undefined) return check(this.shape, parseJson(bytes.toString('utf8')), { unknown });
    const fields = parseJson(meta ?? '{}');
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw notJson('must be an object');
    // A copy in memory of its own: the received bytes are a view of the socket's buffer (and Buffer.from would return a
    // view of its 64 KiB pool), so that a small answer in a cache would keep the whole buffer in memory.
    const own = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(own);
    (fields as Record<string, unknown>)[this.#body] = own;
    return check(this.shape, fields, { unknown });
  }
}

const codecs = new WeakMap<ShapeClass, Codec<object>>();

/** The codec of a shape, created once. */
export function codecOf<T extends object>(shape: ShapeClass<T>): Codec<T> {
  const known = codecs.get(shape);
  if (known !== undefined) return known as unknown as Codec<T>;
  const codec = new Codec(shape);
  codecs.set(shape, codec);
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

/** The failure for a request that does not have the agreed shape. */
export function invalidRequest(error: InvalidInput): Failure {
  const problem = problemOf.get(error.violations[0]?.code ?? VALIDATION_ERROR);
  return new Failure('invalid', 'The request is not valid', {
    errors: error.violations,
    ...(problem === undefined ? {} : { problem }),
  });
}
