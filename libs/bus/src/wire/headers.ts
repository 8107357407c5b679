import { requestIdFrom, traceparentFrom, type RequestContext } from '@mystocks/telemetry';
import type { Msg } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';

/** The headers of a received message: names in lower case; `status` is the number on the first line, 0 if there is none. */
export interface Head {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

const NO_RESPONDERS = 503;

/** NATS says that the subject of the message has no subscriber. */
export const isNoResponders = ({ status }: Head, payload: Uint8Array): boolean =>
  status === NO_RESPONDERS && payload.length === 0;

const NONE: Head = { status: 0, fields: new Map() };
const FIRST_LINE = 'NATS/1.0';

/**
 * Reads the headers of a message from its raw bytes, which lie right before the payload in the same buffer. The client's
 * own parser canonicalises every name and searches all names again for each line (measured in bench/bus.bench.ts).
 * `data` and `subject` are those of the message; they are passed in because its getters decode them on each access.
 */
export function readHead(message: Msg, data: Uint8Array, subject: string): Head {
  if (!isMeasured(message)) return slowHead(message);
  const length = message.size() - subject.length - (message.reply?.length ?? 0) - data.length;
  if (length <= 0) return NONE;
  const start = data.byteOffset - length;
  const text = start < 0 ? '' : Buffer.from(data.buffer, start, length).toString('utf8');
  return text.startsWith(FIRST_LINE) ? parseHead(text) : slowHead(message);
}

/** The messages of the client have a method that its published type lacks: the size of the whole message. */
const isMeasured = (message: Msg): message is Msg & { size(): number } =>
  'size' in message && typeof message.size === 'function';

/** `NATS/1.0 503 No Responders\r\nname: value\r\n\r\n`; a line that is not a header is ignored. */
export function parseHead(text: string): Head {
  let end = text.indexOf('\r\n');
  if (end < 0) end = text.length;
  const status = end > FIRST_LINE.length ? Number.parseInt(text.slice(FIRST_LINE.length, end), 10) : 0;
  const fields = new Map<string, string>();
  for (let start = end + 2; start < text.length; start = end + 2) {
    end = text.indexOf('\r\n', start);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', start);
    if (colon > start && colon < end)
      fields.set(text.slice(start, colon).toLowerCase(), text.slice(colon + 1, end).trim());
  }
  return { status: Number.isNaN(status) ? 0 : status, fields };
}

function slowHead(message: Msg): Head {
  const headers = message.headers;
  if (headers === undefined) return NONE;
  return {
    status: headers.code,
    fields: new Map([...headers].map(([name, values]) => [name.toLowerCase(), values[0] ?? ''])),
  };
}

/** Encodes headers. A value with a line break, which could add headers of its own, is left out. */
export function writeHead(fields: readonly (readonly [name: string, value: string | undefined])[]): Buffer {
  let text = `${FIRST_LINE}\r\n`;
  for (const [name, value] of fields) if (value !== undefined && isOneLine(value)) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, 'utf8');
}

const isOneLine = (value: string): boolean => !value.includes('\n') && !value.includes('\r');

// Ids only have to be unique: 8 random bytes for each call would cost more than the rest of the headers.
const traceStart = randomBytes(8).toString('hex');
const spanHead = randomBytes(4).toString('hex');
// Between 2^31 and 2^32, so that it always has eight digits.
const SPAN_MIN = 0x8000_0000;
let spans = randomBytes(4).readUInt32BE() >>> 1;

function nextSpan(): string {
  spans = (spans + 1) & 0x7fff_ffff;
  return spanHead + (SPAN_MIN + spans).toString(16);
}

/** The headers of a call: a child span of the trace in `context`, or a new request id and trace without one. */
export function callHead(context: RequestContext | undefined, deadlineMs: number, meta: string | undefined): Buffer {
  let text: string;
  if (context === undefined) {
    const id = traceStart + nextSpan();
    text = `${FIRST_LINE}\r\ntraceparent: 00-${id}-${nextSpan()}-01\r\nx-request-id: ${id}\r\nx-deadline: ${deadlineMs}\r\n`;
  } else {
    const { traceparent, requestId, token, readAfter, clientAddress } = context;
    text = `${FIRST_LINE}\r\ntraceparent: ${traceparent.slice(0, 36)}${nextSpan()}${traceparent.slice(52)}\r\nx-request-id: ${requestId}\r\nx-deadline: ${deadlineMs}\r\n`;
    if (token !== undefined && isOneLine(token)) text += `authorization: ${token}\r\n`;
    if (readAfter !== undefined && isOneLine(readAfter)) text += `x-read-after: ${readAfter}\r\n`;
    if (clientAddress !== undefined && ADDRESS.test(clientAddress)) text += `x-client-address: ${clientAddress}\r\n`;
  }
  if (meta === undefined) return Buffer.from(`${text}\r\n`, 'latin1');
  return Buffer.from(`${text}x-meta: ${meta}\r\n\r\n`, 'utf8');
}

/** Matches an IP address or its first groups, which is what `clientAddress` of the context holds. */
const ADDRESS = /^[0-9a-f.:]{2,64}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The context that a handler runs in, from the headers of its request. Its `deadlineMs` is at most `latestMs`. */
export function contextOf({ fields }: Head, latestMs: number): RequestContext {
  const trace = fields.get('traceparent');
  const deadline = Number(fields.get('x-deadline'));
  const token = fields.get('authorization');
  const readAfter = fields.get('x-read-after');
  const clientAddress = fields.get('x-client-address');
  return {
    requestId: requestIdFrom(fields.get('x-request-id')),
    traceparent: trace !== undefined && TRACEPARENT.test(trace) ? trace : traceparentFrom(undefined),
    deadlineMs: deadline > 0 && deadline < latestMs ? deadline : latestMs,
    ...(token === undefined || token === '' ? undefined : { token }),
    ...(readAfter === undefined || readAfter === '' ? undefined : { readAfter }),
    ...(clientAddress === undefined || !ADDRESS.test(clientAddress) ? undefined : { clientAddress }),
  };
}
