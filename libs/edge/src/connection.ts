import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PortLimits } from './limits.js';

/** What Node keeps on the sockets of its HTTP server; its own code closes idle connections by the same fields. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming: IncomingMessage | null } | null;
  readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
}

/** True when the head of an answer was sent and its end was not: what is written now would be taken for its body. */
export const isAnswering = (socket: Socket): boolean => (socket as HttpSocket)._httpMessage?.headersSent === true;

/** Why a connection is closed: the label of `http_connections_closed_total`. */
export type CloseReason =
  | 'evicted'
  | 'full'
  | 'address_full'
  | 'silent'
  | 'slow_headers'
  | 'malformed'
  | 'unread'
  | 'discarded'
  | 'not_joined'
  | 'closing';

/** One open connection of a public port, and what {@link review} saw of it the last time. */
export class Connection {
  /** When bytes last came, as far as it was reviewed; monotonic ms. */
  activeMs: number;
  /** Set when the connection was upgraded to a WebSocket. */
  upgradedMs: number | undefined;
  #read = 0;
  #delivered = 0;
  #stalledMs: number | undefined;
  #answered: { readonly sinceMs: number; readonly read: number } | undefined;
  readonly #socket: HttpSocket;

  constructor(
    readonly socket: Socket,
    readonly client: string,
    readonly openedMs: number,
  ) {
    this.#socket = socket;
    this.activeMs = openedMs;
  }

  get hasSent(): boolean {
    return this.#socket.bytesRead > 0;
  }

  /** True while no request is being answered: closing it loses nothing that was asked for. */
  get isIdle(): boolean {
    return this.#socket._httpMessage == null;
  }

  /** True when this idle connection is to be closed before the other: never served, or idle for longer. */
  isWorthLessThan(other: Connection): boolean {
    if (this.#wasServed !== other.#wasServed) return other.#wasServed;
    return this.activeMs < other.activeMs;
  }

  get #wasServed(): boolean {
    return this.upgradedMs === undefined && this.#socket.bytesWritten > 0;
  }

  /** Looks at what has moved since the last review; the reason to close the connection when it breaks a limit. */
  review(nowMs: number, limits: PortLimits): CloseReason | undefined {
    if (this.upgradedMs !== undefined) return nowMs - this.upgradedMs > limits.joinMs ? 'not_joined' : undefined;
    const read = this.#socket.bytesRead;
    if (read !== this.#read) this.activeMs = nowMs;
    this.#read = read;
    if (this.#isStalled(nowMs, limits.unreadMs)) return 'unread';
    return this.#sendsTooMuch(nowMs, limits) ? 'discarded' : undefined;
  }

  /** The client has taken in nothing for `unreadMs` although bytes wait for it. */
  #isStalled(nowMs: number, unreadMs: number): boolean {
    const handle = this.#socket._handle;
    if (handle == null || handle.writeQueueSize === 0) {
      this.#stalledMs = undefined;
      return false;
    }
    const delivered = handle.bytesWritten - handle.writeQueueSize;
    if (delivered !== this.#delivered || this.#stalledMs === undefined) this.#stalledMs = nowMs;
    this.#delivered = delivered;
    return nowMs - this.#stalledMs > unreadMs;
  }

  /** The body of a request that was answered before its end comes for too long, or is too large. */
  #sendsTooMuch(nowMs: number, limits: PortLimits): boolean {
    if (!this.isIdle || this.#socket.parser?.incoming?.complete !== false) {
      this.#answered = undefined;
      return false;
    }
    this.#answered ??= { sinceMs: nowMs, read: this.#read };
    const { sinceMs, read } = this.#answered;
    return nowMs - sinceMs > limits.discardMs || this.#read - read > limits.discardBytesMax;
  }
}
