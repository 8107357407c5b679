import { describe, expect, it } from '@jest/globals';
import { describeShape } from '@mystocks/validation';
import { calls, defineCall, events, Failure, failureCodes, ownerOf, problems } from './index.js';
import { symbolKey } from './market-data/market-data.words.js';

describe('the catalogue', () => {
  it('names every subject once', () => {
    const subjects = [...calls, ...events].map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(calls.length).toBeGreaterThan(15);
    expect(events.length).toBe(7);
  });

  it.each(calls.map((call) => [call.subject, call] as const))('%s is published as it was', (_subject, call) => {
    const { timeoutMs, effect, allow, request, response } = call;
    expect({
      timeoutMs,
      effect,
      allow,
      request: describeShape(request),
      response: describeShape(response),
    }).toMatchSnapshot();
  });

  it.each(events.map((event) => [event.subject, event] as const))('%s is published as it was', (_subject, event) => {
    expect(describeShape(event.payload)).toMatchSnapshot();
  });

  it('refuses a subject outside the naming rule', () => {
    class Empty {}
    const call = {
      request: Empty,
      response: Empty,
      timeoutMs: 1,
      effect: 'idempotent' as const,
      allow: 'anyone' as const,
    };
    for (const subject of [
      'svc.Auth.users.me.v1',
      'evt.auth.users.me.v1',
      'svc.auth.users.me',
      'svc.auth.users.me.v1.>',
    ]) {
      expect(() => defineCall({ subject, ...call })).toThrow('not a call subject');
    }
  });

  it('knows the owner of a call and the key of a symbol', () => {
    expect(ownerOf({ subject: 'svc.market-data.bars.list.v1' })).toBe('market-data');
    expect(symbolKey('600519.SH')).toBe('SH.600519');
  });
});

describe('failures', () => {
  it('failures carry the numbers of the surface', () => {
    expect(problems).toMatchObject({
      SYMBOL_INVALID_FORMAT: 1102,
      SYMBOL_AMBIGUOUS: 1107,
      KLINE_ADJUST_INVALID: 2001,
      TOKEN_EXPIRED: 6002,
    });
    expect(failureCodes.unauthenticated).toMatchObject({ status: 401, number: 6000 });
  });

  it('failures keep their cause and say what may be tried again', () => {
    const cause = new Error('socket closed');
    expect(new Failure('unavailable', 'later', { cause }).cause).toBe(cause);
    const retryable = Object.entries(failureCodes).filter(([, { retryable }]) => retryable);
    expect(retryable.map(([code]) => code)).toEqual(['rate_limited', 'unavailable', 'timeout']);
  });
});
