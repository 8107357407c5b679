/** What an operator can do about an error, by its code. */
const remedies: Readonly<Record<number, string>> = {
  // "Vnodes exhausted": every database takes some of the server's virtual nodes.
  0x03ba:
    'raise supportVnodes in the taos.cfg of the dnodes (default: twice the number of cores, and 5) and restart them, ' +
    'or drop a database that is not used',
};

/** The server refused the statement. The description is for the log, with what to do where that is known. */
export class TdengineError extends Error {
  constructor(
    /** The lower 16 bits of a code in taoserror.h. */
    readonly code: number,
    description: string,
  ) {
    const remedy = remedies[code];
    super(
      `TDengine 0x${code.toString(16).padStart(4, '0')}: ${description}${remedy === undefined ? '' : `; ${remedy}`}`,
    );
    this.name = 'TdengineError';
  }
}

/** taosAdapter refused the request before it reached the server: bad parameter, no access, overload. */
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

/** An answer broke off or is malformed, so nothing in it can be used. */
export class BrokenAnswer extends Error {
  constructor(why: string, cause?: unknown) {
    super(`an answer of TDengine is unusable: ${why}`, { cause });
    this.name = 'BrokenAnswer';
  }
}

/** No complete answer arrived in time. It may still arrive, so the connection must be closed. */
export class SilentServer extends Error {
  constructor(waitedMs: number) {
    super(`TDengine did not answer within ${String(Math.round(waitedMs))} ms`);
    this.name = 'SilentServer';
  }
}

/** The answer is larger than what is read into memory; the query must select less. */
export class AnswerTooLarge extends Error {
  constructor(cause: unknown) {
    super('an answer of TDengine is larger than the limit', { cause });
    this.name = 'AnswerTooLarge';
  }
}
