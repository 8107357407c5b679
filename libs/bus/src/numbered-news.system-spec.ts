import { afterEach, describe, expect, it } from '@jest/globals';
import { publisherCounted, type PublisherCounted } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { FakeBus, FaultProxy, sleep, startNats, waitFor } from '@mystocks/testing';
import { connect } from '@nats-io/transport-node';
import { itNumbersItsNews, numbered, type TwoOnABus } from './bus.conformance.js';
import { Bus } from './index.js';

itNumbersItsNews('FakeBus', () => {
  const listener = new FakeBus('listener');
  const teller = listener.beside('teller');
  return Promise.resolve({
    teller: teller.bus,
    listener: listener.bus,
    lost: async (tell) => {
      teller.lose(1);
      tell();
      await Promise.resolve();
    },
    pass: async (ms, frozen) => {
      await Promise.all([listener.passTime(ms), frozen === undefined ? teller.passTime(ms) : undefined]);
    },
    close: () => Promise.resolve(),
  });
});

itNumbersItsNews('Bus', openReal);

async function openReal(): Promise<TwoOnABus & { readonly proxy: FaultProxy; readonly url: string }> {
  const nats = await startNats();
  const proxy = await FaultProxy.inFrontOf(Number(new URL(nats.url).port));
  const listener = Bus.connect({ servers: nats.url, service: 'listener' });
  const teller = Bus.connect({ servers: `nats://127.0.0.1:${proxy.port}`, service: 'teller' });
  const bothThere = (): boolean => teller.connected && listener.connected;
  await waitFor(bothThere, { timeoutMs: 5_000 });
  return {
    teller,
    listener,
    proxy,
    url: nats.url,
    lost: async (tell) => {
      await proxy.down();
      await waitFor(() => !teller.connected, { timeoutMs: 5_000 });
      tell();
      await proxy.pass();
      await waitFor(bothThere, { timeoutMs: 5_000 });
    },
    pass: async (ms, frozen) => {
      // Seen from the listener, one whose every byte is held up is frozen.
      if (frozen !== undefined) proxy.blackhole();
      await sleep(ms);
      await proxy.pass();
    },
    close: async () => {
      await Promise.all([teller.drain(), listener.drain()]);
      await proxy.stop();
      await nats.stop();
    },
  };
}

describe('Bus: numbered news over the wire', () => {
  let two: Awaited<ReturnType<typeof openReal>>;
  afterEach(() => two.close());

  it('that is too large is never sent, and told of as missed', async () => {
    two = await openReal();
    const heard: string[] = [];
    two.listener.subscribe(numbered, ({ who }) => void heard.push(who), { onGap: () => void heard.push('gap') });
    await sleep(1_100);
    const missed = metrics.busEvents.cell(numbered.subject, 'missed');
    const before = missed.count;
    two.teller.publish(numbered, { who: 'ann', value: 1, padding: 'x'.repeat(9_000_000) } as never);
    two.teller.publish(numbered, { who: 'bob', value: 2 });
    await waitFor(() => heard.includes('bob'), { timeoutMs: 5_000 });
    expect(heard).toEqual(['gap', 'bob']);
    expect(missed.count).toBe(before + 1);
  });

  it('of an older release, without numbers, is handled and never a gap; what cannot be read is one', async () => {
    two = await openReal();
    const heard: (number | string)[] = [];
    two.listener.subscribe(numbered, ({ value }) => void heard.push(value), { onGap: () => void heard.push('gap') });
    const old = await connect({ servers: two.url });
    const say = (payload: string): void => {
      old.publish(`${numbered.subject}.ann`, payload);
    };
    await sleep(1_100);
    for (const value of [1, 2, 3]) say(JSON.stringify({ who: 'ann', value }));
    say('{"who":');
    await waitFor(() => heard.length === 4, { timeoutMs: 5_000 });
    await old.close();
    expect(heard).toEqual([1, 2, 3, 'gap']);
  });

  it('is told of by every process twice a second, also by one that never told anything, until it drains', async () => {
    two = await openReal();
    const beats: PublisherCounted[] = [];
    two.listener.subscribe(publisherCounted, (beat) => void beats.push(beat));
    two.teller.publish(numbered, { who: 'ann', value: 1 });
    const told = (service: string): PublisherCounted[] => beats.filter((beat) => beat.service === service);
    await waitFor(() => told('teller').length >= 3 && told('listener').length >= 3, { timeoutMs: 5_000 });
    expect(told('teller').at(-1)?.counts).toEqual([{ subject: numbered.subject, sent: 1 }]);
    expect(told('listener').at(-1)?.counts).toEqual([]);
    await two.teller.drain();
    const last = told('teller').length;
    const others = told('listener').length;
    await waitFor(() => told('listener').length >= others + 3, { timeoutMs: 5_000 });
    expect(told('teller').length).toBe(last);
  });

  it('is not trusted by a listener that hears nothing, not even itself: half-open connections tell nothing', async () => {
    two = await openReal();
    const heard: string[] = [];
    // The teller's connection is the one that can be held up: here it listens.
    two.teller.subscribe(numbered, () => undefined, { onGap: (why) => void heard.push(why) });
    two.teller.onDeafness((deaf) => void heard.push(deaf ? 'deaf now' : 'hears'));
    two.teller.onSilence('listener', () => void heard.push('silent'));
    await sleep(1_100);
    two.proxy.blackhole();
    await waitFor(() => heard.length > 0, { timeoutMs: 10_000 });
    expect([two.teller.connected, two.teller.isDeaf]).toEqual([true, true]);
    await two.proxy.pass();
    await waitFor(() => two.teller.isDeaf === false, { timeoutMs: 10_000 });
    await sleep(1_100);
    expect(heard).toEqual(['deaf', 'deaf now', 'hears']);
  });
});
