import { Answer } from './answer.js';
import * as accesses from './accesses.contract.js';
import * as auth from './auth.contract.js';
import * as bars from './bars.contract.js';
import * as cache from './cache.contract.js';
import * as calendar from './calendar.contract.js';
import type { Call, Event } from './define.js';
import * as factors from './factors.contract.js';
import * as instruments from './instruments.contract.js';
import * as pools from './pools.contract.js';
import * as positions from './positions.contract.js';
import * as publisher from './publisher.contract.js';
import * as quotes from './quotes.contract.js';
import * as uploads from './uploads.contract.js';
import * as warmUp from './warm-up.contract.js';

const everything: readonly unknown[] = [
  accesses,
  auth,
  bars,
  cache,
  calendar,
  factors,
  instruments,
  pools,
  positions,
  publisher,
  quotes,
  uploads,
  warmUp,
].flatMap((contracts) => Object.values(contracts));

const hasSubject = (value: unknown, start: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'subject' in value &&
  typeof value.subject === 'string' &&
  value.subject.startsWith(start);

/** Every call of the house. */
export const calls = everything.filter((value) => hasSubject(value, 'svc.')) as Call[];
/** Every event of the house. */
export const events = everything.filter((value) => hasSubject(value, 'evt.')) as Event[];

const answersBytes = (call: Call): call is Call<object, Answer> =>
  call.effect === 'read' && (call.response as unknown) === Answer && call.subject !== cache.readAnswer.subject;

/** The calls whose answers the cache tiers keep, by their subjects. */
export const keptCalls: ReadonlyMap<string, Call<object, Answer>> = new Map(
  calls.filter(answersBytes).map((call) => [call.subject, call]),
);
