import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNats, waitFor, type NatsServer } from '@mystocks/testing';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { echo, parcel, said, startEcho, type EchoService, type Said } from './echo.conformance.js';
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

const send = (payload: string | Uint8Array, subject = echo.subject): Promise<Msg> =>
  raw.request(subject, payload, { timeout: 10_000 });

describe('a malformed message', () => {
  const poison: [string, string | Uint8Array][] = [
    ['broken JSON', '{"text":'],
    ['nothing at all', ''],
    ['binary', Uint8Array.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28])],
    ['null', 'null'],
    ['a scalar', '5'],
    ['a text', '"text"'],
    ['an array', '[]'],
    ['deep arrays', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['deep objects', '{"text":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['a huge text', JSON.stringify({ text: 'x'.repeat(5_000_000) })],
    ['a hundred thousand unknown fields', `{${Array.from({ length: 100_000 }, (_, i) => `"f${i}":1`).join(',')}}`],
    ['a prototype', '{"text":"x","__proto__":{"admin":true}}'],
    ['a constructor', '{"text":"x","constructor":{"prototype":{}}}'],
  ];

  it.each(poison)('answers a request of %s with `invalid` and keeps running', async (_name, payload) => {
    const reply = await send(payload);
    expect(reply.headers?.get('Nats-Service-Error-Code')).toBe('400');
    expect(reply.headers?.get('Nats-Service-Error')).not.toBe('');
    expect(reply.json<{ code: string }>().code).toBe('invalid');
    expect(await bus.call(echo, { text: 'alive' })).toEqual({ text: 'alive', by: 'echo' });
  });

  it('answers a request with malformed fields next to its bytes with `invalid`', async () => {
    expect((await send('bytes', parcel.subject)).json()).toMatchObject({
      code: 'invalid',
      errors: [{ pointer: '/label' }],
    });
  });

  it('ignores a request without a reply subject', async () => {
    const before = service.handler.seen.length;
    raw.publish(echo.subject, JSON.stringify({ text: 'no instance answers' }));
    await raw.flush();
    await bus.call(echo, { text: 'after' });
    expect(service.handler.seen.slice(before)).toEqual(['after']);
  });

  it('ends a call with `internal` when the answer is malformed', async () => {
    const subject = 'svc.poison.words.say.v1';
    const answers = ['', 'null', '{', '[]', '\u0000'];
    const liar = raw.subscribe(subject, { callback: (_error, message) => void message.respond(answers.shift() ?? '') });
    await raw.flush();
    for (let count = answers.length; count > 0; count -= 1) {
      const outcome = bus.call({ ...echo, subject, effect: 'once' }, { text: 'x' });
      await expect(outcome).rejects.toMatchObject({ code: 'internal', message: 'Internal error' });
    }
    liar.unsubscribe();
  });
});

describe('an answer larger than the maximum payload', () => {
  it('answers RESULT_TOO_LARGE instead of an answer above the maximum payload, and keeps running', async () => {
    const size = raw.info?.max_payload ?? 0;
    const outcome = bus.call(parcel, { body: Buffer.alloc(1), label: `grow ${size}` });
    await expect(outcome).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('RESULT_TOO_LARGE'),
    });
    const fitting = await bus.call(parcel, { body: Buffer.alloc(1), label: `grow ${2 * 1_048_576}` });
    expect(fitting.body.length).toBe(2 * 1_048_576);
  });
});

describe('an event', () => {
  it('delivers an event once to every subscriber whose key matches', async () => {
    const received: string[] = [];
    const listen = (listener: Bus, name: string, key?: string): { stop(): void } =>
      listener.subscribe(
        said,
        ({ who, text }) => void received.push(`${name} ${who} ${text}`),
        key === undefined ? {} : { key },
      );
    const all = [listen(bus, 'asker'), listen(service.bus, 'echo'), listen(bus, 'only-ann', 'ann')];
    await raw.flush();
    await bus.call(echo, { text: 'both subscribed' });
    bus.publish(said, { who: 'bob', text: 'one' });
    bus.publish(said, { who: 'ann', text: 'two' });
    await waitFor(() => received.length >= 5, { timeoutMs: 10_000 });
    expect(received.sort()).toEqual([
      'asker ann two',
      'asker bob one',
      'echo ann two',
      'echo bob one',
      'only-ann ann two',
    ]);
    for (const one of all) one.stop();
  });

  it('logs malformed events once for each subject and keeps the subscription', async () => {
    const received: Said[] = [];
    const listening = service.bus.subscribe(said, (payload) => {
      received.push(payload);
      if (payload.text === 'throw') throw new Error('a listener broke');
      if (payload.text === 'reject') return Promise.reject(new Error('a listener broke later')) as never;
    });
    await service.bus.call(echo, { text: 'subscribed' });
    for (const bad of ['{', '', 'null', '[]', '{"text":5}']) raw.publish(`${said.subject}.x`, bad);
    for (const text of ['throw', 'reject', 'fine'])
      raw.publish(`${said.subject}.x`, JSON.stringify({ text, who: 'x', more: 1 }));
    await waitFor(() => received.length === 3, { timeoutMs: 10_000 });
    expect(received.map(({ text }) => text)).toEqual(['throw', 'reject', 'fine']);
    expect(service.lines.filter((line) => line.includes('an event does not have the agreed shape'))).toHaveLength(1);
    await waitFor(() => service.lines.filter((line) => line.includes('an event listener failed')).length === 2, {
      timeoutMs: 10_000,
    });
    listening.stop();
  });

  it('refuses to publish an event whose key would name another subject', () => {
    for (const who of ['*', '>', 'a b', 'a..b', 'a.', '', 'a\r\nPUB x']) {
      expect(() => bus.publish(said, { who, text: 'x' })).toThrow('not a key');
    }
  });
});

describe('NATS micro (ADR-32)', () => {
  const ask = async <T>(subject: string): Promise<T> => (await raw.request(subject, '', { timeout: 2_000 })).json<T>();
  interface Identity {
    readonly type: string;
    readonly name: string;
    readonly id: string;
    readonly version: string;
    readonly metadata: Record<string, string>;
  }

  it('answers $SRV.PING for all services, for the service and for the instance', async () => {
    const { id } = await ask<Identity>('$SRV.PING');
    for (const verb of ['PING', 'INFO', 'STATS']) {
      for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.echo`, `$SRV.${verb}.echo.${id}`]) {
        const { type, name, version, metadata, ...rest } = await ask<Identity>(subject);
        expect({ type, name, id: rest.id, metadata }).toEqual({
          type: `io.nats.micro.v1.${verb.toLowerCase()}_response`,
          name: 'echo',
          id,
          metadata: {},
        });
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      }
    }
  });

  it('lists every endpoint with its subject and queue group in $SRV.INFO', async () => {
    const info = await ask<{
      description: string;
      endpoints: { name: string; subject: string; queue_group: string }[];
    }>('$SRV.INFO.echo');
    expect(typeof info.description).toBe('string');
    expect(info.endpoints).toHaveLength(5);
    expect(info.endpoints).toContainEqual({
      name: 'words-say-v1',
      subject: echo.subject,
      queue_group: 'echo',
      metadata: {},
    });
  });

  it('counts requests and errors of each endpoint in $SRV.STATS', async () => {
    interface Counted {
      readonly name: string;
      readonly num_requests: number;
      readonly num_errors: number;
      readonly last_error: string;
      readonly processing_time: number;
      readonly average_processing_time: number;
    }
    const of = async (): Promise<Counted> => {
      const { started, endpoints } = await ask<{ started: string; endpoints: Counted[] }>('$SRV.STATS.echo');
      expect(new Date(started).toISOString()).toBe(started);
      return endpoints.find(({ name }) => name === 'words-say-v1')!;
    };
    const before = await of();
    for (let index = 0; index < 5; index += 1) await bus.call(echo, { text: 'count me' });
    await expect(bus.call(echo, { text: 'ambiguous' })).rejects.toThrow('Say which');
    const after = await of();
    expect(after.num_requests - before.num_requests).toBe(6);
    expect(after.num_errors - before.num_errors).toBe(1);
    expect(after.last_error).toBe('conflict');
    expect(after.processing_time).toBeGreaterThan(before.processing_time);
    expect(after.average_processing_time).toBe(Math.round(after.processing_time / after.num_requests));
  });
});
