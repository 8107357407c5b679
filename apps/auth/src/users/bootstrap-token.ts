import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@mystocks/secrets';

/** The one-time token that makes the first administrator, if the operator has set one. */
export class BootstrapToken {
  constructor(private readonly token: Secret | undefined) {}

  /** Compares in constant time, whatever the lengths. */
  matches(given: string): boolean {
    return this.token !== undefined && timingSafeEqual(digest(this.token.reveal()), digest(given));
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
