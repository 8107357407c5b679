import { describe, expect, it } from '@jest/globals';
import { defineEvent, Failure, failureCodes, type FailureCode } from '@mystocks/contracts';
import { InvalidInput, IsBody, IsCount, IsText } from '@mystocks/validation';
import { codecOf, invalidRequest } from './codec.js';
import { connectionSettings } from './connection.js';
import { decodeFailure, encodeFailure } from './failure-wire.js';
import { callHead, contextOf, parseHead, writeHead } from './headers.js';
import { RetryBudget } from '../calls/retry-budget.js';
import { patternOf, subjectOf } from './subject.js';

class Plain {
  @IsText(1, 10) readonly name!: string;
  @IsCount(0, 9, { optional: true }) readonly count?: number;
}
class Bytes extends Plain {
  @IsBody() readonly body!: Buffer;
}

describe('the codec of a shape', () => {
  it('encodes a shape as JSON', () => {
    const codec = codecOf(Plain);
    expect(codec.encode({ name: '甲', count: 3 })).toEqual({
      payload: Buffer.from('{"name":"甲","count":3}'),
      meta: undefined,
    });
    expect(codec.decode(Buffer.from('{"name":"甲","count":3}'), undefined, 'refuse')).toEqual({ name: '甲', count: 3 });
  });

  it('encodes a shape with a body field as bytes and a header', () => {
    const codec = codecOf(Bytes);
    const { payload, meta } = codec.encode({ name: 'a\r\nb', body: Buffer.from('x') });
    expect(payload.toString()).toBe('x');
    expect(meta).toBe('{"name":"a\\r\\nb"}');
    expect(codec.decode(payload, '{"name":"a"}', 'refuse')).toEqual({ name: 'a', body: Buffer.from('x') });
    expect(() => codec.encode({ name: 'a', body: 'text' as never })).toThrow(TypeError);
  });

  it.each(['', '{', 'null', '5', '"x"', '[]', '\u0000'])('throws only InvalidInput for %j', (text) => {
    expect(() => codecOf(Plain).decode(Buffer.from(text), undefined, 'refuse')).toThrow(InvalidInput);
    expect(() => codecOf(Bytes).decode(Buffer.from('x'), text, 'refuse')).toThrow(InvalidInput);
  });

  it('names the problem of the first invalid field', () => {
    const wrong = invalidRequest(new InvalidInput([{ pointer: '/symbol', code: 1102, message: 'must be a symbol' }]));
    expect(wrong).toMatchObject({
      code: 'invalid',
      problem: 'SYMBOL_INVALID_FORMAT',
      errors: [{ pointer: '/symbol' }],
    });
  });
});

describe('an encoded failure', () => {
  it.each(Object.keys(failureCodes) as FailureCode[])('encodes and decodes the failure %s', (code) => {
    const failure = new Failure(code, 'why', { errors: [{ pointer: '/a', code: 1, message: 'm' }], retryAfterS: 2 });
    const { head, payload } = encodeFailure(failure);
    expect(parseHead(head.toString()).fields.get('nats-service-error-code')).toBe(String(failureCodes[code].status));
    expect(decodeFailure(payload)).toMatchObject({ code, message: 'why', errors: failure.errors, retryAfterS: 2 });
  });

  it('does not encode the cause of a failure', () => {
    const { head, payload } = encodeFailure(new Failure('internal', 'Internal error', { cause: new Error('hunter2') }));
    expect(head.toString() + payload.toString()).not.toContain('hunter2');
  });

  it('does not let the text of a failure add a header', () => {
    const { head } = encodeFailure(new Failure('invalid', 'a\r\nx-admin: 1\r\n\r\n中文'));
    expect([...parseHead(head.toString()).fields.keys()]).toEqual(['nats-service-error-code', 'nats-service-error']);
  });

  it.each(['', '{', 'null', '[]', '{"code":"made_up"}', '{"code":"toString"}', '{"code":5}'])(
    'decodes %j as the failure internal',
    (text) => {
      expect(decodeFailure(Buffer.from(text))).toMatchObject({ code: 'internal', message: 'Internal error' });
    },
  );

  it('drops details of a failure that have the wrong type', () => {
    const odd =
      '{"code":"conflict","errors":[1,{"pointer":1}],"candidates":[1,"a"],"problem":"constructor","retry_after_s":"x"}';
    expect(decodeFailure(Buffer.from(odd))).toMatchObject({
      errors: [],
      candidates: ['a'],
      problem: undefined,
      retryAfterS: undefined,
    });
  });
});

describe('headers', () => {
  it('reads headers in any case and ignores a malformed line', () => {
    const head = parseHead('NATS/1.0 503 No Responders\r\nX-Request-ID: a:b \r\nbroken\r\n:x\r\n\r\n');
    expect(head.status).toBe(503);
    expect([...head.fields]).toEqual([['x-request-id', 'a:b']]);
    expect(parseHead('NATS/1.0')).toEqual({ status: 0, fields: new Map() });
  });

  it('leaves out a header value with a line break', () => {
    expect(
      writeHead([
        ['a', 'x\ny'],
        ['b', 'z'],
        ['c', undefined],
      ]).toString(),
    ).toBe('NATS/1.0\r\nb: z\r\n\r\n');
  });

  it('gives a handler the context of its caller and replaces malformed values', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const context = {
      requestId: 'request-1',
      traceparent,
      token: 't',
      readAfter: '0/1',
      clientAddress: '2001:db8:0:1',
    };
    const read = contextOf(parseHead(callHead(context, 5_000, undefined).toString()), 9_000);
    expect(read).toEqual({
      ...context,
      deadlineMs: 5_000,
      traceparent: expect.stringMatching(/^00-a{32}-[0-9a-f]{16}-01$/),
    });
    expect(read.traceparent).not.toBe(traceparent);
    const odd = contextOf(
      parseHead('NATS/1.0\r\ntraceparent: x\r\nx-request-id: \u0001\r\nx-deadline: soon\r\n\r\n'),
      9_000,
    );
    expect(odd.deadlineMs).toBe(9_000);
    expect(contextOf(parseHead('NATS/1.0\r\nx-client-address: nowhere at all\r\n\r\n'), 1)).not.toHaveProperty(
      'clientAddress',
    );
    expect(odd.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(odd.traceparent).toMatch(/^00-[0-9a-f]{32}-/);
    expect(contextOf(parseHead('NATS/1.0\r\nx-deadline: 99999999999999\r\n\r\n'), 9_000).deadlineMs).toBe(9_000);
  });
});

describe('the retry budget', () => {
  it('allows one retry for ten calls and saves at most ten retries', () => {
    const budget = new RetryBudget();
    expect(budget.take()).toBe(false);
    for (let call = 0; call < 10; call += 1) budget.earn();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    for (let call = 0; call < 1_000; call += 1) budget.earn();
    expect(Array.from({ length: 12 }, () => budget.take()).filter(Boolean)).toHaveLength(10);
  });
});

describe('the subject of an event', () => {
  const keyed = defineEvent({ subject: 'evt.a.b.c.v1', payload: Plain, key: ({ name }) => name });
  const plain = defineEvent({ subject: 'evt.a.b.d.v1', payload: Plain });

  it('ends the subject of an event with its key', () => {
    expect(subjectOf(keyed, { name: 'SH.600519' })).toBe('evt.a.b.c.v1.SH.600519');
    expect(subjectOf(plain, { name: '*' })).toBe('evt.a.b.d.v1');
    expect([patternOf(keyed), patternOf(keyed, 'SH.*'), patternOf(keyed, 'SH.>'), patternOf(plain)]).toEqual([
      'evt.a.b.c.v1.>',
      'evt.a.b.c.v1.SH.*',
      'evt.a.b.c.v1.SH.>',
      'evt.a.b.d.v1',
    ]);
  });

  it.each(['*', '>', 'SH.>', 'a b', 'a..b', '.a', 'a.', '', 'a\n', '股'])('refuses the key %j', (name) => {
    expect(() => subjectOf(keyed, { name })).toThrow('not a key');
  });

  it.each(['>.a', 'a.>.b', 'a b', '', 'a..b', 'a*'])('refuses the key pattern %j', (key) => {
    expect(() => patternOf(keyed, key)).toThrow('not a key pattern');
  });
});

describe('the connection', () => {
  it('reconnects without a limit and finds a half-open connection within 30 s', () => {
    const { maxReconnectAttempts, pingInterval, maxPingOut, reconnectTimeWait, reconnectJitter } = connectionSettings;
    expect(maxReconnectAttempts).toBe(-1);
    expect(pingInterval * (maxPingOut + 1)).toBeLessThanOrEqual(30_000);
    expect(reconnectTimeWait + reconnectJitter).toBeLessThanOrEqual(1_000);
  });
});
