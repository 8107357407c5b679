import { Failure, keptCalls, type Answer, type Call } from '@mystocks/contracts';
import { check } from '@mystocks/validation';

/** A call whose answers may be cached, with its checked request. */
export interface Question {
  readonly call: Call<object, Answer>;
  readonly request: object;
}

/**
 * The call of `subject` with the JSON text `request`.
 * @throws {Failure} when no call that may be read through the cache has this subject, or the text is not JSON
 * @throws {InvalidInput} when the request does not have the call's shape
 */
export function questionOf(subject: string, request: string): Question {
  const call = keptCalls.get(subject);
  if (call === undefined) throw new Failure('invalid', 'No readable call has this subject');
  return { call, request: check(call.request, parsed(request), { unknown: 'refuse' }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure('invalid', 'The request is not JSON');
  }
}
