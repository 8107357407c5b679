import { requestIdFrom, traceparentFrom, type RequestContext } from '@mystocks/telemetry';
import type { Msg } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';

/** Headers of a received message: names in lower case; `status` is the number on the first line, 0 without. */
export interface Head {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

const NO_RESPONDERS = 503;

/** NATS says that nobody takes what was sent. */
export const isNobody = ({ status }: Head, payload: Uint8Array): boolean =>
  status === NO_RESPONDERS && payload.length === 0;

const NONE: Head = { status: 0, fields: new Map() };
const FIRST_LINE = 'NATS/1.0';

/**
 * Reads the headers of a message from its raw bytes. The client's own parser canonicalises every name and searches all
 * names again for each line (measured in bench/bus.bench.ts); the bytes lie right before the payload in one buffer. `data` and `subject` are the
 * message's own; its getters decode them anew.
 */
export function readHead(message: Msg, data: Uint8Array, subject: string): Head {
  if (!isMeasured(message)) return slowHead(message);
  const length = message.size() - subject.length - (message.reply?.length ?? 0) - data.length;
  if (length <= 0) return NONE;
  const start = data.byteOffset - length;
  const text = start < 0 ? '' : Buffer.from(data.buffer, start, length).toString('utf8');
  return text.startsWith(FIRST_LINE) ? parseHead(text) : slowHead(message);
}

/** The client's messages know their whole size; its published type does not say so. */
const isMeasured = (message: Msg): message is Msg & { size(): number } =>
  'size' in message && typeof message.size === 'function';

/** `NATS/1.0 503 No Responders\r\nname: value\r\n\r\n`; a line that is not a header is passed over. */
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

/** The bytes of these headers; a value that could break out of its line is refused by leaving it out. */
export function writeHead(fields: readonly (readonly [name: string, value: string | undefined])[]): Buffer {
  let text = `${FIRST_LINE}\r\n`;
  for (const [name, value] of fields) if (value !== undefined && isOneLine(value)) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, 'utf8');
}

const isOneLine = (value: string): boolean => !value.includes('\n') && !value.includes('\r');

// Ids need only be different from each other: drawing 8 random bytes a call would cost more than the rest of the header.
const traceStart = randomBytes(8).toString('hex');
const spanHead = randomBytes(4).toString('hex');
// Between 2^31 and 2^32, so that it always has eight digits.
const SPAN_MIN = 0x8000_0000;
let spans = randomBytes(4).readUInt32BE() >>> 1;

function nextSpan(): string {
  spans = (spans + 1) & 0x7fff_ffff;
  return spanHead + (SPAN_MIN + spans).toString(16);
}

/** Headers of a call made inside `context`: a child span of its trace, or a new request and trace. */
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

/** An IP address or the first groups of one, as `clientAddress` of the context is. */
const ADDRESS = /^[0-9a-f.:]{2,64}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The context a handler runs in, from the headers of its request. `deadlineMs` is never later than `latestMs`. */
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
