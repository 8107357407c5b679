import { afterEach, describe, expect, it } from '@jest/globals';
import { publisherCounted, type PublisherCounted } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { FakeBus, FaultProxy, sleep, startNats, waitFor } from '@mystocks/testing';
import { connect } from '@nats-io/transport-node';
import { itNumbersItsEvents, numbered, type TwoProcesses } from './bus.conformance.js';
import { Bus } from './index.js';

itNumbersItsEvents('FakeBus', () => {
  const subscriber = new FakeBus('subscriber');
  const publisher = subscriber.beside('publisher');
  return Promise.resolve({
    publisher: publisher.bus,
    subscriber: subscriber.bus,
    lose: async (publish) => {
      publisher.lose(1);
      publish();
      await Promise.resolve();
    },
    pass: async (ms, frozen) => {
      await Promise.all([subscriber.passTime(ms), frozen === undefined ? publisher.passTime(ms) : undefined]);
    },
    close: () => Promise.resolve(),
  });
});

itNumbersItsEvents('Bus', openReal);

async function openReal(): Promise<TwoProcesses & { readonly proxy: FaultProxy; readonly url: string }> {
  const nats = await startNats();
  const proxy = await FaultProxy.inFrontOf(Number(new URL(nats.url).port));
  const subscriber = Bus.connect({ servers: nats.url, service: 'subscriber' });
  const publisher = Bus.connect({ servers: `nats://127.0.0.1:${proxy.port}`, service: 'publisher' });
  const bothThere = (): boolean => publisher.connected && subscriber.connected;
  await waitFor(bothThere, { timeoutMs: 5_000 });
  return {
    publisher,
    subscriber,
    proxy,
    url: nats.url,
    lose: async (publish) => {
      await proxy.down();
      await waitFor(() => !publisher.connected, { timeoutMs: 5_000 });
      publish();
      await proxy.pass();
      await waitFor(bothThere, { timeoutMs: 5_000 });
    },
    pass: async (ms, frozen) => {
      // To the subscriber a publisher whose every byte is held up looks frozen.
      if (frozen !== undefined) proxy.blackhole();
      await sleep(ms);
      await proxy.pass();
    },
    close: async () => {
      await Promise.all([publisher.drain(), subscriber.drain()]);
      await proxy.stop();
      await nats.stop();
    },
  };
}

describe('Bus: numbered events over NATS', () => {
  let two: Awaited<ReturnType<typeof openReal>>;
  afterEach(() => two.close());

  it('reports a gap for an event that was too large to be sent', async () => {
    two = await openReal();
    const received: string[] = [];
    two.subscriber.subscribe(numbered, ({ who }) => void received.push(who), {
      onGap: () => void received.push('gap'),
    });
    await sleep(1_100);
    const missed = metrics.busEvents.cell(numbered.subject, 'missed');
    const before = missed.count;
    two.publisher.publish(numbered, { who: 'ann', value: 1, padding: 'x'.repeat(9_000_000) } as never);
    two.publisher.publish(numbered, { who: 'bob', value: 2 });
    await waitFor(() => received.includes('bob'), { timeoutMs: 5_000 });
    expect(received).toEqual(['gap', 'bob']);
    expect(missed.count).toBe(before + 1);
  });

  it('delivers events of an older release without sequence numbers without a gap, and reports one for a malformed event', async () => {
    two = await openReal();
    const received: (number | string)[] = [];
    two.subscriber.subscribe(numbered, ({ value }) => void received.push(value), {
      onGap: () => void received.push('gap'),
    });
    const old = await connect({ servers: two.url });
    const say = (payload: string): void => {
      old.publish(`${numbered.subject}.ann`, payload);
    };
    await sleep(1_100);
    for (const value of [1, 2, 3]) say(JSON.stringify({ who: 'ann', value }));
    say('{"who":');
    await waitFor(() => received.length === 4, { timeoutMs: 5_000 });
    await old.close();
    expect(received).toEqual([1, 2, 3, 'gap']);
  });

  it('sends a heartbeat twice a second from every process, with or without events, until it drains', async () => {
    two = await openReal();
    const heartbeats: PublisherCounted[] = [];
    two.subscriber.subscribe(publisherCounted, (heartbeat) => void heartbeats.push(heartbeat));
    two.publisher.publish(numbered, { who: 'ann', value: 1 });
    const of = (service: string): PublisherCounted[] => heartbeats.filter((heartbeat) => heartbeat.service === service);
    await waitFor(() => of('publisher').length >= 3 && of('subscriber').length >= 3, { timeoutMs: 5_000 });
    expect(of('publisher').at(-1)?.counts).toEqual([{ subject: numbered.subject, sent: 1 }]);
    expect(of('subscriber').at(-1)?.counts).toEqual([]);
    await two.publisher.drain();
    const last = of('publisher').length;
    const others = of('subscriber').length;
    await waitFor(() => of('subscriber').length >= others + 3, { timeoutMs: 5_000 });
    expect(of('publisher').length).toBe(last);
  });

  it('reports a gap to a subscriber whose connection is half-open, when not even its own heartbeat arrives', async () => {
    two = await openReal();
    const received: string[] = [];
    // Only the connection of `publisher` can be held up, so here it subscribes.
    two.publisher.subscribe(numbered, () => undefined, { onGap: (why) => void received.push(why) });
    two.publisher.onStall((stalled) => void received.push(stalled ? 'stalled now' : 'receives'));
    two.publisher.onSilence('subscriber', () => void received.push('silent'));
    await sleep(1_100);
    two.proxy.blackhole();
    await waitFor(() => received.length > 0, { timeoutMs: 10_000 });
    expect([two.publisher.connected, two.publisher.isStalled]).toEqual([true, true]);
    await two.proxy.pass();
    await waitFor(() => !two.publisher.isStalled, { timeoutMs: 10_000 });
    await sleep(1_100);
    expect(received).toEqual(['stalled', 'stalled now', 'receives']);
  });
});
