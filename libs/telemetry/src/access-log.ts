import sonicBoom, { type SonicBoom } from 'sonic-boom';

/** One answered request. */
export interface Access {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly requestId: string;
  readonly traceId: string;
  readonly userId: string | undefined;
  readonly cache: string | undefined;
}

/** One served bus call. */
export interface CallAccess {
  readonly subject: string;
  /** `ok` or the code of the failure. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly requestId: string;
  readonly traceId: string;
  readonly userId: string | undefined;
}

/** Writes compact access lines; buffered, because a pino line a request costs 15-20 µs. */
export class AccessLog {
  readonly #sink: SonicBoom;
  readonly #timer: NodeJS.Timeout;
  readonly #service: string;

  /** `fd` 1 is standard output. Lines wait at most 200 ms. */
  constructor(service: string, fd = 1) {
    this.#service = `","service":${JSON.stringify(service)},"msg":`;
    this.#sink = new sonicBoom.SonicBoom({
      fd,
      minLength: 16_384,
      maxWrite: 65_536,
      maxLength: 4 * 1024 * 1024,
      sync: false,
    });
    this.#timer = setInterval(() => {
      this.#sink.flush();
    }, 200).unref();
  }

  write(access: Access): void {
    // Only the path can hold a character that JSON must escape; everything else was made or checked by us.
    this.#sink.write(
      `{"level":"info","time":"${coarseTime()}${this.#service}"request","method":"${access.method}","path":${JSON.stringify(access.path)},"status":${access.status},"duration_ms":${access.durationMs.toFixed(2)},"request_id":"${access.requestId}","trace_id":"${access.traceId}"${access.userId === undefined ? '' : `,"user_id":"${access.userId}"`}${access.cache === undefined ? '' : `,"cache":"${access.cache}"`}}\n`,
    );
  }

  /** A call of the bus: every field was made or checked by us. */
  writeCall(access: CallAccess): void {
    this.#sink.write(
      `{"level":"info","time":"${coarseTime()}${this.#service}"call","subject":"${access.subject}","outcome":"${access.outcome}","duration_ms":${access.durationMs.toFixed(2)},"request_id":"${access.requestId}","trace_id":"${access.traceId}"${access.userId === undefined ? '' : `,"user_id":"${access.userId}"`}}\n`,
    );
  }

  /** Writes what is left. */
  close(): void {
    clearInterval(this.#timer);
    this.#sink.flushSync();
  }
}

let timeText = '';
let timeMs = 0;

/** ISO time made once a millisecond. */
function coarseTime(): string {
  const now = Date.now();
  if (now !== timeMs) {
    timeMs = now;
    timeText = new Date(now).toISOString();
  }
  return timeText;
}
