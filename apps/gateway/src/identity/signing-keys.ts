import { createPublicKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, listKeys } from '@mystocks/contracts';

/** Public keys of the auth service as PEM, the form that passport-jwt takes. */
@Injectable()
export class SigningKeys {
  readonly #pems = new Map<string, string>();

  constructor(private readonly bus: Bus) {}

  /** The key that a verified token names. */
  async pemOf(token: string): Promise<string> {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: string };
    const kid = header.kid ?? '';
    const known = this.#pems.get(kid);
    if (known !== undefined) return known;
    const { keys } = await this.bus.call(listKeys, {});
    // Withdrawn keys go, so that the map never holds more than the key set.
    this.#pems.clear();
    for (const { kid: id, ...jwk } of keys) {
      const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      this.#pems.set(id, pem.toString());
    }
    const pem = this.#pems.get(kid);
    if (pem === undefined)
      throw new Failure('unauthenticated', 'The access token is not valid', { problem: 'TOKEN_INVALID' });
    return pem;
  }
}
