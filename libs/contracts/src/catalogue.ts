import * as contracts from './all-contracts.js';
import { Answer } from './definition/answer.js';
import type { Call, Event } from './definition/define.js';

const everything: readonly unknown[] = Object.values(contracts);

const hasSubject = (value: unknown, start: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'subject' in value &&
  typeof value.subject === 'string' &&
  value.subject.startsWith(start);

/** Every call of the system. */
export const calls = everything.filter((value) => hasSubject(value, 'svc.')) as Call[];
/** Every event of the system. */
export const events = everything.filter((value) => hasSubject(value, 'evt.')) as Event[];

const answersBytes = (call: Call): call is Call<object, Answer> =>
  call.effect === 'read' && (call.response as unknown) === Answer && call.subject !== contracts.readAnswer.subject;

/** The calls whose answers the cache tiers keep, by their subjects. */
export const keptCalls: ReadonlyMap<string, Call<object, Answer>> = new Map(
  calls.filter(answersBytes).map((call) => [call.subject, call]),
);
