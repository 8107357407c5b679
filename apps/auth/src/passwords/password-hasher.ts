import { createHmac } from 'node:crypto';
import type { Secret } from '@mystocks/secrets';
import bcrypt from 'bcrypt';
import type { HashProcesses } from './hash-processes.js';

/** Names how a password was brought under bcrypt's 72 bytes; another way gets another tag. */
const SCHEME = 'bcrypt-hmac-sha384';
// Any 31 characters of bcrypt's alphabet stand for a hash that no password has.
const NO_HASH = '.'.repeat(31);

export interface PasswordHasherOptions {
  readonly pepper: Secret;
  /** log2 of bcrypt's rounds. */
  readonly cost: number;
  /** Where the hashing is done. */
  readonly processes: Pick<HashProcesses, 'run'>;
}

/**
 * Hashes passwords: bcrypt over `base64(HMAC-SHA-384(pepper, NFC(password)))`. The inner hash is 64 characters without
 * NUL, so bcrypt sees all of a password however long it is, and the database alone is not enough to guess one.
 */
export class PasswordHasher {
  readonly #pepper: Secret;
  readonly #cost: number;
  readonly #dummy: string;
  readonly #processes: PasswordHasherOptions['processes'];

  constructor(options: PasswordHasherOptions) {
    this.#pepper = options.pepper;
    this.#cost = options.cost;
    this.#processes = options.processes;
    this.#dummy = bcrypt.genSaltSync(options.cost) + NO_HASH;
  }

  /** The text to store: `bcrypt-hmac-sha384$2b$12$…`. */
  async hash(password: string): Promise<string> {
    const text = this.#shorten(password);
    return `${SCHEME}${await this.#processes.run({ kind: 'hash', text, cost: this.#cost })}`;
  }

  /**
   * Verifies the password. For an unknown user it hashes anyway, so that timing does not reveal whether the name exists,
   * and returns false.
   */
  async fits(password: string, stored: string | undefined): Promise<boolean> {
    const text = this.#shorten(password);
    const against = stored === undefined ? this.#dummy : withoutTag(stored);
    const isSame = await this.#processes.run({ kind: 'compare', text, stored: against });
    return isSame === true && stored !== undefined;
  }

  /** Whether a stored hash was made with other parameters than today's. */
  needsRehash(stored: string): boolean {
    return bcrypt.getRounds(withoutTag(stored)) !== this.#cost;
  }

  /** A name for counting attempts on a username. Keyed, because people type passwords into the wrong field. */
  accountOf(usernameKey: string): Buffer {
    return this.#keyed('sha256', `account\0${usernameKey}`).digest();
  }

  /** The same for the address of a client, which is personal data too. */
  addressOf(clientAddress: string): Buffer {
    return this.#keyed('sha256', `address\0${clientAddress}`).digest();
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
