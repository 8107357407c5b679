/** The server took the request and said no. Its text is for the log. */
export class TdengineError extends Error {
  constructor(
    /** As in taoserror.h, the lower 16 bits. */
    readonly code: number,
    description: string,
  ) {
    super(`TDengine 0x${code.toString(16).padStart(4, '0')}: ${description}`);
    this.name = 'TdengineError';
  }
}

/** taosAdapter refused the request before the server saw it: a bad parameter, no access, no room. */
export class AdapterRefusal extends Error {
  constructor(
    readonly status: number,
    body: string,
  ) {
    super(`taosAdapter answered ${String(status)}: ${body.slice(0, 200)}`);
    this.name = 'AdapterRefusal';
  }
}

/** The connection could not be opened, or ended before an answer began. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('TDengine cannot be reached', { cause });
    this.name = 'NoAnswer';
  }
}

/** An answer began and broke off, or is not one: nothing in it may be believed. */
export class BrokenAnswer extends Error {
  constructor(why: string, cause?: unknown) {
    super(`an answer of TDengine is unusable: ${why}`, { cause });
    this.name = 'BrokenAnswer';
  }
}

/** No whole answer in time. One may still come, so the connection must not be used again. */
export class SilentServer extends Error {
  constructor(waitedMs: number) {
    super(`TDengine did not answer within ${String(Math.round(waitedMs))} ms`);
    this.name = 'SilentServer';
  }
}

/** More than the system reads into memory: ask for less. */
export class AnswerTooLarge extends Error {
  constructor(cause: unknown) {
    super('an answer of TDengine is larger than the limit', { cause });
    this.name = 'AnswerTooLarge';
  }
}
