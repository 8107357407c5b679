import { afterEach, describe, expect, it } from '@jest/globals';
import { publisherCounted, type Failure } from '@mystocks/contracts';
import { freePort, startNats, waitFor, withoutWaiting, type NatsServer } from '@mystocks/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { echo, echoOnce, said, startEcho, type EchoService } from './echo.conformance.js';
import { Bus } from './index.js';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
}, 30_000);

async function open(): Promise<{ nats: NatsServer; bus: Bus; service: EchoService }> {
  const nats = await startNats();
  cleanUp.push(() => nats.stop());
  const service = await startEcho(nats.url);
  const bus = Bus.connect({ servers: nats.url, service: 'asker' });
  cleanUp.push(
    () => service.stop(),
    () => bus.drain(),
  );
  await works(bus);
  return { nats, bus, service };
}

const works = (bus: Bus, timeoutMs = 20_000): Promise<boolean> =>
  waitFor(() => bus.call(echo, { text: 'there?' }).then(() => true), { timeoutMs, what: 'an answer' });
const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'answered',
    (error: Failure) => error.code,
  );

/** A service in a process of its own that takes calls and never answers. */
async function startDeaf(url: string, subject: string): Promise<{ child: ChildProcess; taken: Promise<unknown> }> {
  const script = `
    import { connect } from '@nats-io/transport-node';
    const nats = await connect({ servers: process.argv[1] });
    nats.subscribe(process.argv[2], { queue: 'echo', callback: () => process.stdout.write('taken') });
    nats.subscribe('at.deaf.>', { callback: () => undefined });
    const beat = JSON.stringify({ service: 'echo', publisher: 'deaf', counts: [] });
    setInterval(() => nats.publish('evt.bus.publisher.counted.v1.echo', beat), 100);
    await nats.flush();
    process.stdout.write('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, url, subject], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  const { stdout } = child;
  await once(stdout, 'data');
  return { child, taken: once(stdout, 'data') };
}

/** Resolves when `bus` has received that one. */
const hearsDeaf = (bus: Bus): Promise<void> =>
  new Promise((resolve) => {
    bus.subscribe(publisherCounted, ({ publisher }) => {
      if (publisher === 'deaf') resolve();
    });
  });

describe('an outage of NATS', () => {
  it('fails calls at once while NATS is down, buffers nothing, and reconnects service and caller by itself', async () => {
    const { nats, bus, service } = await open();
    const states: boolean[] = [];
    const received: string[] = [];
    bus.onConnectionChange((connected) => states.push(connected));
    service.bus.subscribe(said, ({ text }) => void received.push(text));
    const underWay = codeOf(bus.call(echoOnce, { text: 'under way', wait_ms: 5_000 }, { timeoutMs: 10_000 }));
    await waitFor(() => service.handler.seen.includes('under way'), { timeoutMs: 10_000 });

    await nats.kill();
    await waitFor(() => !bus.connected && !service.bus.connected, { timeoutMs: 10_000 });
    expect(await underWay).toBe('unavailable');
    const calls = Array.from({ length: 100 }, () => codeOf(bus.call(echo, { text: 'lost' })));
    expect(new Set(await withoutWaiting(Promise.all(calls)))).toEqual(new Set(['unavailable']));
    bus.publish(said, { who: 'ann', text: 'lost event' });

    await nats.restart();
    await works(bus);
    expect(service.handler.seen).not.toContain('lost');
    bus.publish(said, { who: 'ann', text: 'new event' });
    await waitFor(() => received.length > 0, { timeoutMs: 10_000 });
    expect(received).toEqual(['new event']);
    expect(states).toEqual([false, true]);
  }, 30_000);

  it('reconnects after an outage of more attempts than the stock client makes', async () => {
    const { nats, bus } = await open();
    await nats.kill();
    await waitFor(() => !bus.connected, { timeoutMs: 10_000 });
    // The stock client gives up after 10 attempts. Here two clients share the attempts that are counted.
    let attempts = 0;
    const refusing = createServer((socket) => {
      attempts += 1;
      socket.on('error', () => undefined).destroy();
    });
    await once(refusing.listen(nats.port, '127.0.0.1'), 'listening');
    await waitFor(() => attempts >= 30, { timeoutMs: 60_000, what: '30 attempts to connect' });
    expect(await codeOf(bus.call(echo, { text: 'still away' }))).toBe('unavailable');
    await new Promise((resolve) => refusing.close(resolve));
    await nats.restart();
    await works(bus);
  }, 90_000);

  it('connects in the background when NATS starts after the services', async () => {
    const port = await freePort();
    const url = `nats://127.0.0.1:${port}`;
    const service = await startEcho(url);
    const bus = Bus.connect({ servers: url, service: 'asker' });
    cleanUp.push(
      () => service.stop(),
      () => bus.drain(),
    );
    expect(bus.connected).toBe(false);
    expect(await codeOf(bus.call(echo, { text: 'no instance yet' }))).toBe('unavailable');
    const nats = await startNats({ port });
    cleanUp.push(() => nats.stop());
    await works(bus);
  }, 30_000);

  it('keeps retrying when NATS refuses the token', async () => {
    const nats = await startNats({ token: 'right' });
    cleanUp.push(() => nats.stop());
    const wrong = Bus.connect({ servers: nats.url, service: 'asker', token: 'wrong' });
    const right = Bus.connect({ servers: nats.url, service: 'asker', token: 'right' });
    cleanUp.push(
      () => wrong.drain(),
      () => right.drain(),
    );
    await waitFor(() => right.connected, { timeoutMs: 5_000 });
    expect(wrong.connected).toBe(false);
    expect(await codeOf(wrong.call(echo, { text: 'x' }))).toBe('unavailable');
  }, 20_000);
});

describe('a service that stops', () => {
  it('ends a call with `timeout` at its deadline when the instance that accepted it was killed', async () => {
    const nats = await startNats();
    cleanUp.push(() => nats.stop());
    const bus = Bus.connect({ servers: nats.url, service: 'asker' });
    cleanUp.push(() => bus.drain());
    const { child, taken } = await startDeaf(nats.url, echo.subject);
    await waitFor(() => bus.connected, { timeoutMs: 5_000 });
    const outcome = codeOf(bus.call(echo, { text: 'take this' }, { timeoutMs: 700 }));
    await taken;
    child.kill('SIGKILL');
    expect(await outcome).toBe('timeout');
    expect(await codeOf(bus.call(echoOnce, { text: 'anyone?' }))).toBe('unavailable');
  }, 20_000);

  it('answers the calls under way and accepts no new ones while an instance stops', async () => {
    const { nats, bus, service } = await open();
    const other = await startEcho(nats.url, { name: 'other' });
    cleanUp.push(() => other.stop());
    await waitFor(async () => (await bus.call(echo, { text: 'who?' })).by === 'other', { timeoutMs: 5_000 });
    const calls = Array.from({ length: 200 }, () =>
      bus.call(echoOnce, { text: 'last', wait_ms: 300 }, { timeoutMs: 15_000 }),
    );
    await waitFor(() => service.handler.seen.includes('last'), { timeoutMs: 10_000 });
    await service.stop();
    const answers = await Promise.all(calls);
    expect(answers.filter(({ by }) => by === 'echo').length).toBeGreaterThan(10);
    const later = await Promise.all(Array.from({ length: 50 }, () => bus.call(echoOnce, { text: 'next' })));
    expect(new Set(later.map(({ by }) => by))).toEqual(new Set(['other']));
  }, 20_000);

  it('waits for the answers of calls under way when the caller drains', async () => {
    const { bus } = await open();
    const calls = Array.from({ length: 20 }, () =>
      bus.call(echoOnce, { text: 'last', wait_ms: 200 }, { timeoutMs: 8_000 }),
    );
    await bus.drain();
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(calls.map(() => 'last'));
    expect(await codeOf(bus.call(echo, { text: 'closed' }))).toBe('unavailable');
  }, 20_000);
});

describe('one frozen instance of two', () => {
  it('hedges reads that a frozen instance accepted, and never calls with effect `once`', async () => {
    const { nats, bus, service } = await open();
    // It takes its share, answers nothing and tells that it is there until it freezes.
    const received = hearsDeaf(bus);
    const { child } = await startDeaf(nats.url, '*.echo.words.>');
    await received;
    child.kill('SIGSTOP');
    const texts = Array.from({ length: 60 }, (_, index) => `text ${index}`);
    const patience = { timeoutMs: 20_000 };
    const answers = Promise.all(texts.map((text) => bus.call(echo, { text }, patience)));
    const once = Promise.all(
      texts.map((text) => codeOf(bus.call(echoOnce, { text: `once ${text}` }, { timeoutMs: 4_000 }))),
    );
    expect((await answers).map(({ text }) => text)).toEqual(texts);
    const later = await Promise.all(texts.map((text) => bus.call(echo, { text }, patience)));
    expect(later.map(({ text }) => text)).toEqual(texts);
    const outcomes = await once;
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'timeout']));
    const seenOnce = service.handler.seen.filter((text) => text.startsWith('once'));
    expect(seenOnce).toHaveLength(outcomes.filter((outcome) => outcome === 'answered').length);
  }, 60_000);
});

describe('one killed instance of two', () => {
  it('stops hedging as soon as NATS reports that the killed instance is gone, even if the other one is slow', async () => {
    const { nats, bus, service } = await open();
    const received = hearsDeaf(bus);
    const { child } = await startDeaf(nats.url, 'svc.unused.words.say.v1');
    await received;
    child.kill('SIGKILL');
    const slow = async (word: string): Promise<string[]> => {
      const texts = Array.from({ length: 12 }, (_, index) => `${word} ${index}`);
      for (const text of texts) await bus.call(echo, { text, wait_ms: 300 }, { timeoutMs: 8_000 });
      return texts;
    };
    // Until then it may have been frozen: it is missed, and half a second later it is asked after.
    await slow('early');
    expect(service.handler.seen.filter((text) => text.startsWith('early')).length).toBeGreaterThan(12);
    const late = await slow('late');
    expect(service.handler.seen.filter((text) => text.startsWith('late'))).toEqual(late);
  }, 30_000);
});

describe('two instances of one service', () => {
  it('distributes calls over two instances of one service', async () => {
    const { nats, bus } = await open();
    const other = await startEcho(nats.url, { name: 'other' });
    cleanUp.push(() => other.stop());
    await waitFor(async () => (await bus.call(echo, { text: 'who?' })).by === 'other', { timeoutMs: 5_000 });
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => bus.call(echo, { text: 'share' }, { timeoutMs: 8_000 })),
    );
    const others = answers.filter(({ by }) => by === 'other').length;
    expect(others).toBeGreaterThan(100);
    expect(others).toBeLessThan(300);
  }, 20_000);
});
