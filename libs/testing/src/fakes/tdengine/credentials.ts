import { randomBytes } from 'node:crypto';
import { TaosError, taosCodes } from './parse/taos-error.js';

export interface TdengineAccount {
  readonly user: string;
  readonly password: string;
}

/** The adapter's own refusal, before the server is asked: HTTP 401. */
export class Unauthorized extends Error {
  readonly code: number;

  constructor(reason: 'noAuthInfo' | 'badAuthType' | 'badBasicAuth' | 'badTaosdAuth', message: string) {
    super(message);
    this.code = taosCodes[reason];
  }
}

/** Which credentials are accepted: `Basic` and the `Taosd` token of a login. The adapter refuses `Bearer`. */
export class Credentials {
  readonly #tokens = new Map<string, TdengineAccount>();

  constructor(readonly account: TdengineAccount) {}

  /** The token of `/rest/login/{user}/{password}`. */
  login(account: TdengineAccount): string {
    this.#verify(account);
    const token = randomBytes(36).toString('base64');
    this.#tokens.set(token, account);
    return token;
  }

  /** Throws {@link Unauthorized} for a header that is none, {@link TaosError} for wrong credentials. */
  check(header: string | undefined): void {
    if (header === undefined || header === '') throw new Unauthorized('noAuthInfo', 'no auth info input');
    const [scheme, value = ''] = header.trim().split(/ +/, 2);
    if (scheme === 'Basic') this.#verify(basic(value));
    else if (scheme === 'Taosd') this.#verify(this.#ofToken(value));
    else throw new Unauthorized('badAuthType', 'invalid type of Authorization');
  }

  #ofToken(token: string): TdengineAccount {
    const account = this.#tokens.get(token);
    if (account === undefined) throw new Unauthorized('badTaosdAuth', 'invalid format of Taosd Authorization');
    return account;
  }

  #verify({ user, password }: TdengineAccount): void {
    if (user !== this.account.user || password !== this.account.password) {
      throw new TaosError('authenticationFailure', 'Authentication failure');
    }
  }
}

function basic(value: string): TdengineAccount {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) {
    throw new Unauthorized('badBasicAuth', 'invalid format of Basic Authorization');
  }
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
