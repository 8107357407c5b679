/**
 * The closed list of ways to fail. Everything thrown across a service boundary is one of these; all other errors become
 * `internal`. `docs/failures.md` has one paragraph for each (a test compares).
 */
export const failureCodes = {
  invalid: { status: 400, retryable: false, number: 1001, name: 'VALIDATION_ERROR' },
  unauthenticated: { status: 401, retryable: false, number: 6000, name: 'AUTHENTICATION_FAILED' },
  forbidden: { status: 403, retryable: false, number: 6001, name: 'AUTHORIZATION_FAILED' },
  not_found: { status: 404, retryable: false, number: 2101, name: 'MARKET_DATA_NOT_FOUND' },
  not_acceptable: { status: 406, retryable: false, number: 1001, name: 'VALIDATION_ERROR' },
  conflict: { status: 409, retryable: false, number: 1008, name: 'CONFLICT' },
  gone: { status: 410, retryable: false, number: 2101, name: 'GONE' },
  too_large: { status: 413, retryable: false, number: 1001, name: 'PAYLOAD_TOO_LARGE' },
  unsupported_media: { status: 415, retryable: false, number: 1001, name: 'UNSUPPORTED_MEDIA_TYPE' },
  unprocessable: { status: 422, retryable: false, number: 1001, name: 'VALIDATION_ERROR' },
  rate_limited: { status: 429, retryable: true, number: 6005, name: 'RATE_LIMIT_EXCEEDED' },
  internal: { status: 500, retryable: false, number: 9000, name: 'INTERNAL_ERROR' },
  unavailable: { status: 503, retryable: true, number: 9001, name: 'SERVICE_UNAVAILABLE' },
  timeout: { status: 504, retryable: true, number: 9002, name: 'DEADLINE_EXCEEDED' },
} as const;

export type FailureCode = keyof typeof failureCodes;

/** Named problems that say more than their code; their numbers are those of version 1 of the interface. */
export const problems = {
  SYMBOL_INVALID_FORMAT: 1102,
  SYMBOL_AMBIGUOUS: 1107,
  DATE_RANGE_INVALID: 1204,
  DATE_RANGE_TOO_LONG: 1205,
  KLINE_INTERVAL_INVALID: 2000,
  KLINE_ADJUST_INVALID: 2001,
  KLINE_DATA_NOT_FOUND: 2003,
  MARKET_DATA_NOT_FOUND: 2101,
  MARKET_DATA_UNAVAILABLE: 2102,
  TOKEN_EXPIRED: 6002,
  TOKEN_INVALID: 6003,
  IDEMPOTENCY_CONFLICT: 1008,
  POOL_TIMEOUT: 9003,
  OVERLOADED: 9004,
} as const;

export type ProblemName = keyof typeof problems;

/** One field that is wrong: JSON pointer, problem number, what it must be. */
export interface FieldError {
  readonly pointer: string;
  readonly code: number;
  readonly message: string;
}

export interface FailureDetails {
  /** A named problem; without it the code's own number and name are used. */
  readonly problem?: ProblemName;
  readonly errors?: readonly FieldError[];
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number;
  /** For `SYMBOL_AMBIGUOUS`: the symbols that were meant, perhaps. */
  readonly candidates?: readonly string[];
  readonly cause?: unknown;
}

/** The only error that crosses a boundary. `message` is for people and never carries the text of another error. */
export class Failure extends Error {
  readonly problem: ProblemName | undefined;
  readonly errors: readonly FieldError[];
  readonly retryAfterS: number | undefined;
  readonly candidates: readonly string[] | undefined;

  constructor(
    readonly code: FailureCode,
    message: string,
    details: FailureDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.problem = details.problem;
    this.errors = details.errors ?? [];
    this.retryAfterS = details.retryAfterS;
    this.candidates = details.candidates;
  }
}
