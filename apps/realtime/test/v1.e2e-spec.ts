import { describe, expect, it } from '@jest/globals';
import { useCluster } from './cluster.js';

const { cluster, open } = useCluster();

describe('v1 on /', () => {
  it('streams only the fields that were asked for, under the name that was asked for', async () => {
    const [few, usual] = await Promise.all([open(0, '/'), open(1, '/')]);
    few.socket.emit('subscribe_market_stream', { symbol: '600519', fields: ['price'] });
    usual.socket.emit('subscribe_market_stream', { symbol: '600519.SH' });
    for (const one of [few, usual]) await one.until(() => one.of('stream_subscribed').length > 0, 'the stream');
    const seq = cluster().market.quote('600519.SH', 1700.5);
    for (const one of [few, usual]) await one.until(() => one.of('stream_data').length > 0, 'a value');
    expect(few.of('stream_data')).toEqual([
      { symbol: '600519', data: { price: 1700.5 }, timestamp: expect.any(String) },
    ]);
    expect(usual.of('stream_data')).toMatchObject([
      { symbol: '600519.SH', data: { price: 1700.5, volume: seq * 100, timestamp: '2024-06-14T10:00:00+08:00' } },
    ]);
    few.socket.emit('stream_filter_update', { symbol: '600519', fields: ['volume'] });
    await few.until(() => few.of('stream_filter_updated').length > 0, 'the new filter');
    usual.socket.emit('unsubscribe_market_stream', { symbol: '600519.SH' });
    await usual.until(() => usual.of('stream_unsubscribed').length > 0, 'the end of the stream');
    cluster().market.quote('600519.SH', 1701);
    await few.until(() => few.of('stream_data').length > 1, 'the second value');
    expect(few.of('stream_data').at(-1)).toMatchObject({ data: { volume: (seq + 1) * 100 } });
    expect(Object.keys(few.of('stream_data').at(-1)!['data'] as object)).toEqual(['volume']);
    expect(usual.of('stream_data')).toHaveLength(1);
  });

  it('keeps the streams of others when one client ends its own twice at once', async () => {
    const [hasty, other] = await Promise.all([open(0, '/'), open(0, '/')]);
    for (const one of [hasty, other]) {
      one.socket.emit('subscribe_market_stream', { symbol: '600519.SH' });
      await one.until(() => one.of('stream_subscribed').length > 0, 'the stream');
    }
    for (let time = 0; time < 3; time += 1) hasty.socket.emit('unsubscribe_market_stream', { symbol: '600519.SH' });
    await hasty.until(
      () => hasty.of('stream_unsubscribed').length + hasty.of('stream_error').length === 3,
      'three answers',
    );
    expect(hasty.of('stream_unsubscribed')).toHaveLength(1);
    cluster().market.quote('600519.SH', 1702);
    await other.until(() => other.of('stream_data').length > 0, 'a value');
  });

  it('answers ping with pong and bad streams with stream_error', async () => {
    const client = await open(0, '/');
    client.socket.emit('ping', {});
    client.socket.emit('subscribe_market_stream', { symbol: '../../etc' });
    client.socket.emit('subscribe', { room: '' });
    await client.until(() => client.of('error').length > 0 && client.of('stream_error').length > 0, 'the errors');
    expect(client.of('connect_response')).toMatchObject([{ status: 'connected', sid: client.socket.id }]);
    expect(client.of('pong')).toHaveLength(1);
    expect(client.of('stream_error')).toMatchObject([{ error_code: 'VALIDATION_ERROR' }]);
  });

  it('carries an event of a room from node A to node B through Redis, once', async () => {
    const [a, b] = await Promise.all([open(0, '/'), open(1, '/')]);
    b.socket.emit('subscribe', { room: 'market_600519.SH' });
    await b.until(() => b.of('subscribed').length > 0, 'the room');
    a.socket.emit('subscribe', { room: 'market_600519.SH' });
    await b.until(() => b.of('room_member_joined').length > 0, 'the event of node A');
    a.socket.emit('unsubscribe', { room: 'market_600519.SH' });
    await b.until(() => b.of('room_member_left').length > 0, 'the leaving');
    expect(b.of('room_member_joined')).toMatchObject([{ room: 'market_600519.SH', sid: a.socket.id }]);
  });

  it.each(['admin:audit', 'desk', 'user:1', 'market_', 'market_600519.SH|x', '__proto__'])(
    'refuses the room %j, which is not that of an instrument',
    async (room) => {
      const [client, other] = await Promise.all([open(0, '/'), open(0, '/')]);
      for (const one of [other, client]) one.socket.emit('subscribe', { room });
      await client.until(() => client.of('error').length > 0, 'the error');
      expect(client.of('error')).toMatchObject([
        { error_code: 'VALIDATION_ERROR', message: expect.stringContaining('market_600519.SH') },
      ]);
      expect([client, other].flatMap((one) => [...one.of('subscribed'), ...one.of('room_member_joined')])).toEqual([]);
    },
  );

  it('refuses the room and the stream of an instrument that does not exist', async () => {
    const client = await open(0, '/');
    client.socket.emit('subscribe', { room: 'market_999999.SH' });
    client.socket.emit('subscribe_market_stream', { symbol: '999999.SH' });
    await client.until(() => client.of('error').length + client.of('stream_error').length === 2, 'two errors');
    expect([...client.of('error'), ...client.of('stream_error')]).toMatchObject([
      { error_code: 'MARKET_DATA_NOT_FOUND' },
      { error_code: 'MARKET_DATA_NOT_FOUND' },
    ]);
  });

  it('tells a client in the words of v1 that it sends too fast, with or without an acknowledgement', async () => {
    const client = await open(0, '/');
    for (let index = 0; index < 80; index += 1) {
      client.socket.emit('subscribe_market_stream', { symbol: '600519.SH' }, () => undefined);
    }
    client.socket.emit('ping');
    await client.until(() => client.of('error').length > 0, 'the refusal of the ping');
    expect(client.of('error')).toMatchObject([{ error_code: 'RATE_LIMIT_EXCEEDED', retry_after_s: 1 }]);
    expect(client.of('stream_error').length).toBeGreaterThan(20);
    expect(client.of('stream_error')[0]).toMatchObject({ error_code: 'RATE_LIMIT_EXCEEDED', retry_after_s: 1 });
  });
});
