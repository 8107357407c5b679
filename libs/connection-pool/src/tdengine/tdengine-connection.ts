import { Client, errors } from 'undici';
import { AdapterRefusal, AnswerTooLarge, BrokenAnswer, NoAnswer, SilentServer } from './tdengine-errors.js';
import { readAnswer, type TdengineAnswer } from './tdengine-answer.js';
import type { TdengineAddress } from './tdengine-address.js';

/** Larger answers are refused. 50,000 bars take a third of it. */
const ANSWER_BYTES_MAX = 32 * 1_024 * 1_024;
// The pool limits the lifetime of connections; undici's own limit for idle ones only has to be longer.
const IDLE_MS = 24 * 3_600_000;

/** One keep-alive HTTP/1.1 socket to taosAdapter. It carries one request at a time and is never reopened. */
export class TdengineConnection {
  readonly #client: Client;
  /** Moment of `performance.now()`. */
  readonly openedAt = performance.now();

  constructor(private readonly address: TdengineAddress) {
    this.#client = new Client(address.origin, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // Each request has one time limit for the whole of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: ANSWER_BYTES_MAX,
    });
    // Otherwise undici would open another socket for the next request, which the pool would not know of.
    this.#client.once('disconnect', () => void this.destroy());
  }

  /** Runs one statement. After any error but a `TdengineError` or an `AdapterRefusal` the connection must be closed. */
  async ask(statement: string, timeoutMs: number): Promise<TdengineAnswer> {
    const limit = new AbortController();
    // If this process was blocked for so long, the answer may have arrived: the sockets are read before the abort.
    const timer = setTimeout(() => setImmediate(() => limit.abort()), timeoutMs);
    try {
      const { status, body } = await this.#post(statement, limit.signal);
      if (status !== 200) throw new AdapterRefusal(status, body);
      return readAnswer(body);
    } catch (error) {
      throw limit.signal.aborted ? new SilentServer(timeoutMs) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Calls `lost` when the connection ends, or at once when it has ended already. */
  onLost(lost: () => void): void {
    if (this.#client.destroyed) lost();
    else this.#client.once('disconnect', lost);
  }

  /** Closes the connection, also while a request is under way. */
  async destroy(): Promise<void> {
    await this.#client.destroy();
  }

  async #post(body: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const { path, authorization } = this.address;
    const headers = { authorization, 'content-type': 'text/plain; charset=utf-8' };
    const response = await this.#client
      .request({ method: 'POST', path, headers, body, signal })
      .catch((error: unknown) => Promise.reject(new NoAnswer(error)));
    try {
      return { status: response.statusCode, body: await response.body.text() };
    } catch (error) {
      throw error instanceof errors.ResponseExceededMaxSizeError
        ? new AnswerTooLarge(error)
        : new BrokenAnswer('it broke off', error);
    }
  }
}
