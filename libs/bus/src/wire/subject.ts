import { Failure, type Event } from '@mystocks/contracts';

const KEY = /^[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){0,7}$/;
const KEY_PATTERN = /^((\*|[A-Za-z0-9_-]{1,40})\.){0,7}(\*|>|[A-Za-z0-9_-]{1,40})$/;

/** The subject on which one instance alone receives the calls of `subject`. */
export const subjectAt = (publisher: string, subject: string): string => `at.${publisher}.${subject}`;

/** The subject that an event is published on. A key with a wildcard, or that would name another subject, is refused. */
export function subjectOf<P extends object>(event: Event<P>, payload: P): string {
  if (event.key === undefined) return event.subject;
  const key = event.key(payload);
  if (!KEY.test(key)) throw new Failure('invalid', `not a key of ${event.subject}`);
  return `${event.subject}.${key}`;
}

/** The subject to subscribe to. The key may contain wildcards of NATS. */
export function patternOf<P extends object>(event: Event<P>, key = '>'): string {
  if (event.key === undefined) return event.subject;
  if (!KEY_PATTERN.test(key)) throw new Failure('invalid', `not a key pattern of ${event.subject}`);
  return `${event.subject}.${key}`;
}
