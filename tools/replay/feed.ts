import type { ReplayQuote } from './ticks.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What became of the quotes of one batch. */
export interface Outcome {
  stored: number;
  /** Held already, just the same. */
  unchanged: number;
  /** A newer one is held. */
  older: number;
  refused: number;
  /** The first refusal, for people. */
  reason?: string;
}

interface Item {
  readonly id: string;
  readonly status: number;
  readonly error?: { readonly message: string };
}

const TRIES = 6;
const REQUEST_TIMEOUT_MS = 15_000;
/** Tokens live 15 minutes; a new one is fetched this long before the end. */
const RENEW_BEFORE_MS = 60_000;

/** Posts quotes to the gateway one batch at a time, in order: quotes of a symbol must not overtake each other. */
export class ReplayFeed {
  #token = '';
  #renewAtMs = 0;
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #signal: AbortSignal;

  constructor(url: string, credentials: Credentials, signal: AbortSignal) {
    this.#url = url.replace(/\/$/, '');
    this.#credentials = credentials;
    this.#signal = signal;
  }

  async send(quotes: readonly ReplayQuote[]): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      if (Date.now() >= this.#renewAtMs) await this.#login();
      const response = await this.#post('/api/v2/quotes', { quotes }, attempt);
      if (response === undefined) continue;
      const body = (await response.json().catch(() => ({}))) as { items?: Item[]; detail?: string };
      if ([200, 207, 422].includes(response.status) && body.items !== undefined) return outcomeOf(body.items);
      if (response.status === 401 && attempt < TRIES) {
        this.#renewAtMs = 0;
        continue;
      }
      throw new Error(`the gateway answers ${response.status}: ${body.detail ?? response.statusText}`);
    }
  }

  async #login(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#post(
        '/api/v2/auth/token',
        { grant_type: 'password', ...this.#credentials },
        attempt,
      );
      if (response === undefined) continue;
      const body = (await response.json().catch(() => ({}))) as {
        access_token?: string;
        expires_in?: number;
        detail?: string;
      };
      if (!response.ok || body.access_token === undefined) {
        throw new Error(`cannot log in as ${this.#credentials.username}: ${body.detail ?? response.statusText}`);
      }
      this.#token = body.access_token;
      this.#renewAtMs = Date.now() + (body.expires_in ?? 0) * 1_000 - RENEW_BEFORE_MS;
      return;
    }
  }

  /** Undefined when a retry makes sense: no server answered, or it asked for a later try. */
  async #post(path: string, body: object, attempt: number): Promise<Response | undefined> {
    try {
      const response = await fetch(this.#url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      if (![429, 503, 504].includes(response.status) || attempt >= TRIES) return response;
      await pause(Number(response.headers.get('retry-after') ?? 0) * 1_000 || 200 * 2 ** attempt, this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (attempt >= TRIES)
        throw new Error(`no answer from ${this.#url}; is the stack up? (npm start)`, { cause: error });
      await pause(200 * 2 ** attempt, this.#signal);
    }
    return undefined;
  }
}

/** Counts the items of the gateway's answer. */
export function outcomeOf(items: readonly Item[]): Outcome {
  const outcome: Outcome = { stored: 0, unchanged: 0, older: 0, refused: 0 };
  for (const { id, status, error } of items) {
    if (status === 200) outcome.unchanged += 1;
    else if (status === 201) outcome.stored += 1;
    else if (status === 409) outcome.older += 1;
    else {
      outcome.refused += 1;
      outcome.reason ??= `${id}: ${error?.message ?? `status ${status}`}`;
    }
  }
  return outcome;
}

/** Waits; an abort ends it with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
