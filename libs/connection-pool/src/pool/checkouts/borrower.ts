import { currentContext, type RequestContext } from '@mystocks/telemetry';

/** Who borrows: noted at every acquire, so it has to be cheap; read only when a connection is held too long. */
export class Borrower {
  readonly context: RequestContext | undefined = currentContext();
  // V8 keeps the frames and makes text of them only when somebody reads `stack`.
  readonly #trace: { readonly stack?: string } = {};

  /** The frames from the caller of `below` outwards. */
  constructor(below: (...args: never[]) => unknown) {
    Error.captureStackTrace(this.#trace, below);
  }

  get stack(): string {
    return (this.#trace.stack ?? '').replace(/^.*\n/, '');
  }
}
