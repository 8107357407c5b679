import type { FastifyRequest } from 'fastify';

/** How long a sender whose stream was refused may go on before its connection is cut. */
const LEAVE_MS = 5_000;

/** Lets a sender whose body nobody reads any more finish and hear the answer, but not for ever. */
export function leaveSoon({ raw }: FastifyRequest): void {
  // After the reader has let go of the stream; before, resuming has no effect.
  setImmediate(() => raw.resume());
  setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, LEAVE_MS).unref();
}
