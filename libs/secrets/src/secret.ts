import { keepSecret } from '@mystocks/kernel';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

/** A value that must not be shown: it prints as `[secret]` wherever it lands; only `reveal()` gives it away, and no log line shows it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    keepSecret(value);
  }

  /** The value itself: pass it on at once, keep it nowhere. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
