import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure, type FailureCode } from '@mystocks/contracts';
import { startNats, waitFor, type NatsServer } from '@mystocks/testing';
import { withContext } from '@mystocks/telemetry';
import { connect, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import {
  context,
  echo,
  echoOnce,
  parcel,
  secret,
  startEcho,
  type EchoAnswer,
  type EchoService,
  type Facts,
} from './echo.conformance.js';
import { Bus } from './index.js';

let nats: NatsServer;
let service: EchoService;
let bus: Bus;
let raw: NatsConnection;

beforeAll(async () => {
  nats = await startNats();
  service = await startEcho(nats.url);
  bus = Bus.connect({ servers: nats.url, service: 'asker' });
  raw = await connect({ servers: nats.url });
  await waitFor(() => bus.connected && service.bus.connected, { timeoutMs: 5_000 });
  await waitFor(() => bus.call(echo, { text: 'ready' }).then(() => true), { timeoutMs: 5_000 });
}, 20_000);
afterAll(async () => {
  await raw.close();
  await service.stop();
  await bus.drain();
  await nats.stop();
});

const failureOf = (run: Promise<unknown>): Promise<Failure> =>
  run.then(
    () => {
      throw new Error('it passed');
    },
    (error: unknown) => error as Failure,
  );
const codeOf = async (run: Promise<unknown>): Promise<FailureCode> => (await failureOf(run)).code;

describe('a call', () => {
  it('answers a call in the agreed shape and drops fields that the caller does not know', async () => {
    expect(await bus.call(echo, { text: '你好 "quoted"' })).toEqual({
      text: '你好 "quoted"',
      by: 'echo',
    });
  });

  it('gives each of a thousand concurrent calls its own answer', async () => {
    const texts = Array.from({ length: 1_000 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => bus.call(echo, { text }, { timeoutMs: 5_000 })));
    expect(answers.map(({ text }) => text)).toEqual(texts);
  });

  it('transmits a body field as unchanged bytes together with the other fields', async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const answer = await bus.call(parcel, { body, label: '标签' });
    expect(answer.label).toBe('标签');
    expect(answer.body.equals(body)).toBe(true);
    // Not a window into a larger buffer that a cache would keep alive with it.
    expect(answer.body.buffer.byteLength).toBe(256);
  });

  it('transmits a failure of the handler with all its details', async () => {
    const ambiguous = await failureOf(bus.call(echo, { text: 'ambiguous' }));
    expect(ambiguous).toBeInstanceOf(Failure);
    expect(ambiguous).toMatchObject({
      code: 'conflict',
      message: 'Say which',
      problem: 'SYMBOL_AMBIGUOUS',
      candidates: ['000001.SZ', '000001.SH'],
    });
    expect(await failureOf(bus.call(echoOnce, { text: 'busy' }))).toMatchObject({
      code: 'unavailable',
      retryAfterS: 7,
    });
  });

  it('names every invalid field of a request', async () => {
    const failure = await failureOf(bus.call(echo, { text: '', nope: 1 } as never));
    expect(failure.code).toBe('invalid');
    expect(failure.errors.map(({ pointer }) => pointer).sort()).toEqual(['/nope', '/text']);
  });

  it('logs an unknown error once with the request id and does not send its text', async () => {
    const run = withContext(
      { requestId: 'request-unknown-error', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
      () => failureOf(bus.call(echo, { text: 'unknown error' })),
    );
    expect(await run).toMatchObject({ code: 'internal', message: 'Internal error' });
    const lines = service.lines.filter((line) => line.includes('hunter2'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('request-unknown-error');
  });

  it('ends a call with `internal` when the answer does not have the agreed shape', async () => {
    expect(await codeOf(bus.call(echo, { text: 'nonsense' }))).toBe('internal');
  });

  it('ends a call with `timeout` at its deadline, and a call made after its deadline at once', async () => {
    // By the time of its contract the call would be answered.
    const patient = { ...echo, timeoutMs: 30_000 };
    expect(await codeOf(bus.call(patient, { text: 'slow', wait_ms: 2_000 }, { timeoutMs: 150 }))).toBe('timeout');
    const past = { requestId: 'request-late', traceparent: '', deadlineMs: Date.now() - 1 };
    expect(await codeOf(withContext(past, () => bus.call(echo, { text: 'too late' })))).toBe('timeout');
  });

  it('ends a call with `unavailable` at once when no instance is subscribed', async () => {
    const absent = { ...echoOnce, subject: 'svc.absent.words.say.v1' };
    // A call that waited for its deadline would wait far longer than this test may take.
    expect(await codeOf(bus.call(absent, { text: 'anyone?' }, { timeoutMs: 200_000 }))).toBe('unavailable');
  });

  it('ends a call with `too_large` when the request exceeds the maximum payload', async () => {
    expect(await codeOf(bus.call(parcel, { body: Buffer.alloc(raw.info?.max_payload ?? 0), label: 'out' }))).toBe(
      'too_large',
    );
  });

  it('ends calls beyond 10,000 concurrent ones with `unavailable`', async () => {
    const calls = Array.from({ length: 10_050 }, () =>
      bus.call(echoOnce, { text: 'many', wait_ms: 1 }, { timeoutMs: 10_000 }),
    );
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.filter((one) => one.status === 'rejected').map((one) => (one.reason as Failure).code);
    expect(refused.length).toBeGreaterThanOrEqual(50);
    expect(new Set(refused)).toEqual(new Set(['unavailable']));
  }, 20_000);
});

describe('a retry', () => {
  it('retries an idempotent call once when the service is unavailable, but neither an overloaded service nor a call with effect `once`', async () => {
    for (let index = 0; index < 12; index += 1) await bus.call(echo, { text: 'earn' });
    service.handler.seen.length = 0;
    expect(await codeOf(bus.call(echo, { text: 'busy' }))).toBe('unavailable');
    expect(service.handler.seen).toEqual(['busy', 'busy']);
    service.handler.seen.length = 0;
    expect(await codeOf(bus.call(echo, { text: 'full' }))).toBe('unavailable');
    expect(service.handler.seen).toEqual(['full']);
    service.handler.seen.length = 0;
    expect(await codeOf(bus.call(echoOnce, { text: 'busy' }))).toBe('unavailable');
    expect(service.handler.seen).toEqual(['busy']);
  });

  it('sends at most 1.1 times the traffic to a service that fails every call', async () => {
    let arrived = 0;
    const subject = 'svc.dead.words.say.v1';
    const dead = raw.subscribe(subject, {
      callback: (_error, message) => {
        arrived += 1;
        message.respond(JSON.stringify({ code: 'unavailable', message: 'dead' }), { headers: errorHeaders() });
      },
    });
    await raw.flush();
    const calls = Array.from({ length: 1_000 }, () =>
      bus.call({ ...echo, subject }, { text: 'hello' }).catch(() => undefined),
    );
    await Promise.all(calls);
    dead.unsubscribe();
    expect(arrived).toBeGreaterThan(1_000);
    expect(arrived).toBeLessThanOrEqual(1_100);
  });
});

describe('the context of a call', () => {
  it('transmits request id, trace, token, read-after and the earlier deadline with a call', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const given = {
      requestId: 'request-1',
      traceparent,
      token: 'good',
      readAfter: '0/16B3748',
      deadlineMs: Date.now() + 20_000,
    };
    const ask = (): Promise<Facts> => bus.call(secret, {}, { timeoutMs: 60_000 });
    const [requestId, trace, token, readAfter, left, caller] = (await withContext(given, ask)).facts;
    expect([requestId, token, readAfter, caller]).toEqual(['request-1', 'good', '0/16B3748', 'desk-1']);
    expect(trace?.slice(0, 35)).toBe(traceparent.slice(0, 35));
    expect(trace?.slice(36, 52)).not.toBe('b'.repeat(16));
    expect(Number(left)).toBeGreaterThan(0);
    expect(Number(left)).toBeLessThanOrEqual(19_990);
  });

  it('creates a request id and a trace for a call without a context', async () => {
    const [requestId, trace] = (await bus.call(context, {})).facts;
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('does not let a context value with a line break add a header', async () => {
    const given = {
      requestId: 'request-2',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      token: 'x\r\nx-read-after: 1/1',
    };
    const facts = (await withContext(given, () => bus.call(context, {}))).facts;
    expect(facts.slice(2, 4)).toEqual(['', '']);
  });
});

describe('a service that handles calls', () => {
  it('authenticates the caller of every call again', async () => {
    const as = (token?: string): Promise<FailureCode> =>
      withContext({ requestId: 'request-3', traceparent: '', ...(token === undefined ? {} : { token }) }, () =>
        codeOf(bus.call(secret, {})),
      );
    expect(await as()).toBe('unauthenticated');
    expect(await as('forged')).toBe('unauthenticated');
    const auditorsOnly = { ...secret, allow: ['auditor'] as const };
    expect(
      (await withContext({ requestId: 'request-4', traceparent: '', token: 'good' }, () => bus.call(auditorsOnly, {})))
        .facts[5],
    ).toBe('desk-1');
  });

  it('refuses calls beyond the limit of concurrent requests', async () => {
    const small = await startEcho(nats.url, { maxInFlight: 2 });
    const own = { ...echoOnce };
    await service.server.close();
    await waitFor(() => bus.call(own, { text: 'ready' }).then(() => true), { timeoutMs: 5_000 });
    const calls = Array.from({ length: 5 }, () => bus.call(own, { text: 'one', wait_ms: 100 }));
    const outcomes = await Promise.allSettled<EchoAnswer>(calls);
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(2);
    const [refused] = outcomes.filter((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await small.stop();
  });
});

function errorHeaders(): MsgHdrs {
  const made = headers();
  made.set('Nats-Service-Error-Code', '503');
  made.set('Nats-Service-Error', 'dead');
  return made;
}
