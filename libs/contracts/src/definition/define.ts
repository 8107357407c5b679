import type { ShapeClass } from '@mystocks/validation';
import type { Role } from './roles.js';

/** A request with one answer. Both ends derive their types, subject, deadline and permission from it. */
export interface Call<Req extends object = object, Res extends object = object> {
  /** `svc.<service>.<noun>.<verb>.v<N>` */
  readonly subject: string;
  readonly request: ShapeClass<Req>;
  readonly response: ShapeClass<Res>;
  readonly timeoutMs: number;
  /**
   * What asking does. `read`: nothing, so two instances may be asked at a time. `idempotent`: the same however often. Both
   * are tried once more inside the deadline when no instance accepted them. `once`: it is never sent twice.
   */
  readonly effect: 'read' | 'idempotent' | 'once';
  /** Who may call; `anyone` needs no token. Checked by the gateway and again by the owning service. */
  readonly allow: readonly Role[] | 'anyone';
}

/** A message without an answer: something happened. */
export interface Event<Payload extends object = object> {
  /** `evt.<service>.<noun>.<past verb>.v<N>`; the key, when there is one, is appended as further tokens. */
  readonly subject: string;
  readonly payload: ShapeClass<Payload>;
  /**
   * Every message carries its publisher's running number, and the publisher says twice a second how far it has
   * counted: who subscribes with `onGap` learns that it missed something (core NATS keeps nothing).
   */
  readonly numbered?: true;
  /** Subject tokens that name what the event is about, e.g. `SH.600519`. */
  readonly key?: (payload: Payload) => string;
}

export type RequestOf<C> = C extends { readonly request: ShapeClass<infer Req> } ? Req : never;
export type ResponseOf<C> = C extends { readonly response: ShapeClass<infer Res> } ? Res : never;

const CALL = /^svc\.[a-z-]+\.[a-z-]+\.[a-z-]+\.v\d+$/;
const EVENT = /^evt\.[a-z-]+\.[a-z-]+\.[a-z-]+\.v\d+$/;

export function defineCall<Req extends object, Res extends object>(call: Call<Req, Res>): Call<Req, Res> {
  if (!CALL.test(call.subject)) throw new Error(`not a call subject: ${call.subject}`);
  return Object.freeze(call);
}

export function defineEvent<Payload extends object>(event: Event<Payload>): Event<Payload> {
  if (!EVENT.test(event.subject)) throw new Error(`not an event subject: ${event.subject}`);
  return Object.freeze(event);
}

/** The service that owns a call or an event: the second token of its subject. */
export function ownerOf({ subject }: Pick<Call | Event, 'subject'>): string {
  return subject.split('.')[1] ?? '';
}
