const MESSAGE_LENGTH_MAX = 2_000;
const STACK_LENGTH_MAX = 8_000;
const CAUSES_MAX = 5;
/** Errors of an AggregateError, such as one for each address of a host. */
const ERRORS_MAX = 4;
/** How deep the fields of a line are searched for errors. */
const DEPTH_MAX = 4;

/** What a log line shows of an error. */
interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
  readonly errors?: readonly LoggedError[];
}

/**
 * What a log line shows of something that was thrown: never other fields, because libraries put into them what they were
 * called with (ioredis: the arguments of the refused command, AUTH included; Node: the URL that is none).
 */
function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (typeof thrown !== 'object' || thrown === null) {
    return {
      type: typeof thrown,
      message: typeof thrown === 'string' ? shortened(thrown, MESSAGE_LENGTH_MAX) : String(thrown),
    };
  }
  const { message, code, stack, cause, errors } = thrown as Readonly<Record<string, unknown>>;
  return {
    type: typeOf(thrown),
    message: typeof message === 'string' ? shortened(message, MESSAGE_LENGTH_MAX) : '',
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof stack === 'string' && { stack: shortened(stack, STACK_LENGTH_MAX) }),
    ...(cause !== undefined && depth < CAUSES_MAX && { cause: loggedError(cause, depth + 1) }),
    ...(depth === 0 && Array.isArray(errors) && { errors: gathered(errors) }),
  };
}

/** Without the errors that these gathered in turn: there could be a great many. */
const gathered = (errors: readonly unknown[]): LoggedError[] =>
  errors
    .filter(isError)
    .slice(0, ERRORS_MAX)
    .map((one) => loggedError(one, CAUSES_MAX));

/** The fields of a log line: `err` as an error whatever it is, and every other error in them. */
export function loggedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name === 'err' && value !== undefined ? loggedError(value) : logged(value, 1),
    ]),
  );
}

function logged(value: unknown, depth: number): unknown {
  if (isError(value)) return loggedError(value);
  if (depth >= DEPTH_MAX || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => logged(one, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, logged(one, depth + 1)]));
}

const isError = (value: unknown): value is Error => value instanceof Error || Error.isError(value);

function typeOf(thrown: object): string {
  const { name, constructor } = thrown as { readonly name?: unknown; readonly constructor?: unknown };
  if (typeof constructor === 'function' && constructor.name !== '' && constructor.name !== 'Error')
    return constructor.name;
  return typeof name === 'string' ? shortened(name, 100) : 'object';
}

const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;
