import { createHmac } from 'node:crypto';
import type { Secret } from '@mystocks/secrets';
import bcrypt from 'bcrypt';

/** Names how a password was brought under bcrypt's 72 bytes; another way gets another tag. */
const SCHEME = 'bcrypt-hmac-sha384';
// Any 31 characters of bcrypt's alphabet stand for a hash that no password has.
const NO_HASH = '.'.repeat(31);

export interface PasswordHasherOptions {
  readonly pepper: Secret;
  /** log2 of bcrypt's rounds. */
  readonly cost: number;
}

/**
 * Hashes passwords: bcrypt over `base64(HMAC-SHA-384(pepper, NFC(password)))`. The inner hash is 64 characters without
 * NUL, so bcrypt sees all of a password however long it is, and the database alone is not enough to guess one.
 */
export class PasswordHasher {
  readonly #pepper: Secret;
  readonly #cost: number;
  readonly #dummy: string;

  constructor(options: PasswordHasherOptions) {
    this.#pepper = options.pepper;
    this.#cost = options.cost;
    this.#dummy = bcrypt.genSaltSync(options.cost) + NO_HASH;
  }

  /** The text to store: `bcrypt-hmac-sha384$2b$12$…`. */
  async hash(password: string): Promise<string> {
    return SCHEME + (await bcrypt.hash(this.#shorten(password), this.#cost));
  }

  /** Whether the password fits; without a stored hash (nobody has that name) it takes as long and does not. */
  async fits(password: string, stored: string | undefined): Promise<boolean> {
    const same = await bcrypt.compare(this.#shorten(password), stored === undefined ? this.#dummy : withoutTag(stored));
    return same && stored !== undefined;
  }

  /** Whether a stored hash was made with other parameters than today's. */
  isOutdated(stored: string): boolean {
    return bcrypt.getRounds(withoutTag(stored)) !== this.#cost;
  }

  /** A name for counting attempts on a username. Keyed, because people type passwords into the wrong field. */
  accountOf(usernameKey: string): Buffer {
    return this.#keyed('sha256', `account\0${usernameKey}`).digest();
  }

  #shorten(password: string): string {
    return this.#keyed('sha384', password.normalize('NFC')).digest('base64');
  }

  #keyed(hash: string, text: string): ReturnType<typeof createHmac> {
    return createHmac(hash, this.#pepper.reveal()).update(text, 'utf8');
  }
}

function withoutTag(stored: string): string {
  if (!stored.startsWith(`${SCHEME}$`)) throw new Error('a stored password hash has an unknown scheme');
  return stored.slice(SCHEME.length);
}
