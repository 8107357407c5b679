import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultLimits, type PortLimits } from './limits.js';

const awaiting = new WeakSet<ServerResponse>();

/**
 * Notes that the client asked with `Expect: 100-continue` and holds its body back. Unless {@link continueBody} is
 * called, its connection ends with the answer: the client may or may not send the body it has announced.
 */
export function holdBodyBack(response: ServerResponse): void {
  awaiting.add(response);
  response.once('finish', () => {
    if (awaiting.has(response)) response.socket?.destroySoon();
  });
}

/** True while the client waits for the word to send its body. */
export const isHeldBack = (response: ServerResponse): boolean => awaiting.has(response);

/**
 * Asks the client for the body it holds back; of a request without `Expect: 100-continue` it does nothing. Call it when
 * everything was checked that can be checked without the body.
 */
export function continueBody(response: ServerResponse): void {
  if (!awaiting.delete(response)) return;
  response.writeContinue();
}

/**
 * Lets a client whose request was answered before its end finish sending and read the answer: many read only after
 * they have written everything, and closing the connection under them would hide the answer. What still comes is
 * discarded, for a limited time and up to a limited size; then the connection is destroyed.
 */
export function discardRest(
  request: IncomingMessage,
  limits: Pick<PortLimits, 'discardMs' | 'discardBytesMax'> = defaultLimits,
): void {
  const timer = setTimeout(() => request.socket.destroy(), limits.discardMs).unref();
  const stop = (): void => {
    clearTimeout(timer);
  };
  request.once('end', stop).once('close', stop);
  // After the reader has let go of the stream; before, resuming has no effect.
  setImmediate(() => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.discardBytesMax) request.socket.destroy();
    });
    request.resume();
  });
}

/** Counts the bytes of request bodies that are in memory. */
export class BodyBudget {
  #held = 0;

  constructor(readonly bytesMax: number) {}

  get held(): number {
    return this.#held;
  }

  /** Counts `bytes` as held; false, and counts nothing, when that would be more than there may be. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.bytesMax) return false;
    this.#held += bytes;
    return true;
  }

  /** Counts `bytes` that {@link take} granted as no longer held. */
  release(bytes: number): void {
    this.#held -= bytes;
  }
}
