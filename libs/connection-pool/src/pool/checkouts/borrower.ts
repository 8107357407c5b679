import { currentContext, type RequestContext } from '@mystocks/telemetry';

/** The code and request that acquired a connection. Recorded at every acquire, so it is cheap; read only for a leak. */
export class Borrower {
  readonly context: RequestContext | undefined = currentContext();
  // V8 stores the frames and formats them only when `stack` is read.
  readonly #trace: { readonly stack?: string } = {};

  /** Records the stack from the caller of `below` on. */
  constructor(below: (...args: never[]) => unknown) {
    Error.captureStackTrace(this.#trace, below);
  }

  get stack(): string {
    return (this.#trace.stack ?? '').replace(/^.*\n/, '');
  }
}
