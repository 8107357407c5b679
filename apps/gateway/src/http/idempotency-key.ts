import { Failure, IDEMPOTENCY_KEY } from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';

/**
 * The key under which a write is to be done once, as a field of its call.
 * @throws {Failure} `invalid` when the header is malformed or comes twice
 */
export function idempotencyKeyOf({ headers }: FastifyRequest): { readonly idempotency_key?: string } {
  const key = headers['idempotency-key'];
  if (key === undefined) return {};
  // Node joins a header that comes twice with a blank, which no key has.
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) {
    throw new Failure('invalid', 'Idempotency-Key must be 1 to 200 visible ASCII characters');
  }
  return { idempotency_key: key };
}
