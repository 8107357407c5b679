import { Failure, type FailureCode } from '@mystocks/contracts';
import type { Logger } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import type { Msg } from '@nats-io/transport-node';
import { decodeFailure, ERROR_CODE } from '../wire/failure-wire.js';
import { isNoResponders, readHead } from '../wire/headers.js';
import type { Route } from './routes.js';

/** What an attempt of a call was answered. A final failure ends the call although other attempts are open. */
export type Reply = { readonly value: object } | { readonly failure: Failure; readonly isFinal: boolean };

/** Reads a reply, received on `subject`, to a call of `route`. */
export function readReply(route: Route, message: Msg, subject: string, log: Logger): Reply {
  const { data } = message;
  const head = readHead(message, data, subject);
  if (head.fields.has(ERROR_CODE)) return { failure: decodeFailure(data), isFinal: false };
  if (isNoResponders(head, data)) {
    const failure = new Failure('unavailable', `No instance of ${route.owner} answered`, { retryAfterS: 1 });
    return { failure, isFinal: false };
  }
  try {
    return { value: route.response.decode(data, head.fields.get('x-meta'), 'drop') };
  } catch (error) {
    const cause = error instanceof InvalidInput ? error.message : error;
    log.error({ subject: route.subject, cause }, 'an answer does not have the agreed shape');
    return { failure: new Failure('internal', 'Internal error', { cause: error }), isFinal: true };
  }
}

/** The service is running and has too much to do: a retry at once would add to that. */
export const isOverloaded = ({ problem }: Failure): boolean => problem === 'OVERLOADED' || problem === 'POOL_TIMEOUT';

const HEDGE_TROUBLES: ReadonlySet<FailureCode> = new Set(['timeout', 'internal']);

/** The failure may concern the replying instance alone; a hedge must not make a call fail that would have succeeded. */
export const isInstanceTrouble = ({ code }: Failure, isHedge: boolean): boolean =>
  code === 'unavailable' || (isHedge && HEDGE_TROUBLES.has(code));
