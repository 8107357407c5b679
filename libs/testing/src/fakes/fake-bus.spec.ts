import { describe, expect, it } from '@jest/globals';
import { Failure, getClock, instrumentsChanged, issueToken, listKeys, listUsers } from '@mystocks/contracts';
import { TokenVerifier } from '@mystocks/identity';
import { FakeBus, makeKeys, signToken, testKeys } from '../index.js';

const fails = (code: string): unknown => expect.objectContaining({ name: 'Failure', code });

describe('FakeBus', () => {
  it('answers what it was told to, in the agreed shape', async () => {
    const bus = new FakeBus().answer(listKeys, () => ({ ...testKeys().keySet, extra: 1 }));
    expect(await bus.call(listKeys, {})).toEqual(testKeys().keySet);
    expect(bus.called).toEqual([{ subject: listKeys.subject, request: {} }]);
  });

  it('answers unavailable where no handler answers, and while it is not connected', async () => {
    const bus = new FakeBus();
    await expect(bus.call(getClock, {})).rejects.toEqual(fails('unavailable'));
    const seen: boolean[] = [];
    bus.onConnectionChange((connected) => seen.push(connected));
    bus.answer(listKeys, () => testKeys().keySet).setConnected(false);
    await expect(bus.call(listKeys, {})).rejects.toEqual(fails('unavailable'));
    bus.setConnected(true);
    expect(seen).toEqual([false, true]);
  });

  it('refuses a request and an answer that do not have the shape', async () => {
    const bus = new FakeBus()
      .answer(listUsers, () => ({ users: [{ id: 'no uuid' }] as never }))
      .answer(issueToken, () => Promise.reject(new Error('password=hunter2')));
    await expect(bus.call(listUsers, { limit: 0 })).rejects.toEqual(fails('invalid'));
    await expect(bus.call(listUsers, { limit: 1 })).rejects.toEqual(fails('internal'));
    const request = { grant_type: 'password', username: 'a', password: 'b' } as const;
    await expect(bus.call(issueToken, request)).rejects.toMatchObject({ code: 'internal', message: 'Internal error' });
    bus.answer(issueToken, () => Promise.reject(new Failure('forbidden', 'no')));
    await expect(bus.call(issueToken, request)).rejects.toEqual(fails('forbidden'));
  });

  it('delivers events to subscribers after the publisher went on, and records them', async () => {
    const bus = new FakeBus();
    const received: number[] = [];
    const subscribed = bus.subscribe(instrumentsChanged, ({ count }) => received.push(count));
    bus.publish(instrumentsChanged, { count: 3, lsn: '0/1' });
    expect(received).toEqual([]);
    await Promise.resolve();
    expect(received).toEqual([3]);
    subscribed.stop();
    bus.publish(instrumentsChanged, { count: 4, lsn: '0/2' });
    await Promise.resolve();
    expect(received).toEqual([3]);
    expect(bus.published.map(({ payload }) => payload)).toMatchObject([{ count: 3 }, { count: 4 }]);
  });
});

describe('signToken', () => {
  const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(testKeys().keySet) });

  it('makes tokens that our verifier takes', async () => {
    const caller = await verifier.verify(signToken(['admin', 'feed'], { username: 'anna' }));
    expect(caller).toMatchObject({ username: 'anna', roles: ['admin', 'feed'] });
  });

  it('makes tokens that our verifier refuses', async () => {
    await expect(verifier.verify(signToken(['user'], { lifetimeS: -60 }))).rejects.toMatchObject({
      problem: 'TOKEN_EXPIRED',
    });
    await expect(verifier.verify(signToken(['user'], { keys: makeKeys() }))).rejects.toMatchObject({
      problem: 'TOKEN_INVALID',
    });
    await expect(verifier.verify(signToken(['user'], { claims: { aud: 'x' } }))).rejects.toEqual(
      fails('unauthenticated'),
    );
  });
});
