import { Client, errors } from 'undici';
import { AdapterRefusal, AnswerTooLarge, BrokenAnswer, NoAnswer, SilentServer } from './tdengine-errors.js';
import { readAnswer, type TdengineAnswer } from './tdengine-answer.js';
import type { TdengineAddress } from './tdengine-address.js';

/** Larger answers are refused: 50,000 bars are a third of it. */
const ANSWER_BYTES_MAX = 32 * 1_024 * 1_024;
// The pool decides how long a connection lives; undici's own limit of an idle one only has to be longer.
const IDLE_MS = 24 * 3_600_000;

/** One keep-alive HTTP/1.1 socket to taosAdapter; it carries one request at a time and is never reopened. */
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
      // Each request has a limit for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: ANSWER_BYTES_MAX,
    });
    // Or undici would open another socket for the next request, unseen by the pool.
    this.#client.once('disconnect', () => void this.destroy());
  }

  /** Runs one statement. After any failure but a `TdengineError` or an `AdapterRefusal` the connection is of no more use. */
  async ask(statement: string, timeoutMs: number): Promise<TdengineAnswer> {
    const limit = new AbortController();
    // When this process itself was busy for so long, the answer may lie here unread: what has come is read first.
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

  /** Asked once; told at once when it is gone already. */
  onLost(lost: () => void): void {
    if (this.#client.destroyed) lost();
    else this.#client.once('disconnect', lost);
  }

  /** Ends it, whatever is under way on it. */
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
