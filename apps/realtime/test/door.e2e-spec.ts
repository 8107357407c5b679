import { describe, expect, it } from '@jest/globals';
import { signToken } from '@mystocks/testing';
import { useCluster } from './cluster.js';

const { cluster, open } = useCluster();

const refusal = async (...args: Parameters<typeof open>): Promise<Record<string, unknown>> =>
  open(...args).then(
    () => ({ code: 'let in' }),
    (error: Error & { data?: Record<string, unknown> }) => error.data ?? { message: error.message },
  );

describe('the door of /market', () => {
  it('lets a token in and says hello with limits and the end of the token', async () => {
    const client = await open(0);
    await client.until(() => client.of('hello').length > 0, 'hello');
    const [hello] = client.of('hello');
    expect(hello).toMatchObject({
      session_id: client.socket.id,
      limits: { channels_max: 200, channels_burst: 400, user_channels_burst: 4_000 },
    });
    expect(Date.parse(String(hello?.['token_expires_at']))).toBeGreaterThan(Date.now());
  });

  it.each<[string, () => object, number]>([
    ['nothing', () => ({}), 6000],
    ['a user id instead of a token', () => ({ user_id: 'admin', token: 'admin' }), 6003],
    ['an object', () => ({ token: { a: 1 } }), 6000],
    ['an ended token', () => ({ token: signToken(['user'], { lifetimeS: -60 }) }), 6002],
    ['a token of an auditor', () => ({ token: signToken(['auditor']) }), 6001],
  ])('refuses %s', async (_what, auth, code) => {
    expect(await refusal(0, '/market', auth())).toMatchObject({ code });
    expect(await refusal(0, '/', auth())).toMatchObject({ code });
  });

  it('does not look at tokens and user ids in query and headers', async () => {
    const token = signToken(['user']);
    const options = {
      query: { token, user_id: '1' },
      extraHeaders: { 'X-User-Id': '1', Authorization: `Bearer ${token}` },
    };
    expect(await refusal(0, '/market', {}, options)).toMatchObject({ code: 6000 });
  });

  it.each(['https://evil.example', 'null', 'https://desk.example.evil.example', 'http://desk.example'])(
    'refuses the origin %s at the handshake',
    async (origin) => {
      const options = { extraHeaders: { Origin: origin } };
      expect(await refusal(0, '/market', { token: signToken(['user']) }, options)).toMatchObject({
        message: 'websocket error',
      });
    },
  );

  it('lets a configured origin in, and its own', async () => {
    const auth = { token: signToken(['user']) };
    for (const Origin of ['https://desk.example', cluster().nodes[0].url]) {
      await open(0, '/market', auth, { extraHeaders: { Origin } });
    }
  });

  it('announces pings that keep an idle connection open behind a proxy with a limit of 60 seconds', async () => {
    const socket = new WebSocket(
      `${cluster().nodes[0].url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    const first = await new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => {
        resolve(String(data));
      };
      socket.onerror = () => {
        reject(new Error('the handshake failed'));
      };
    });
    socket.close();
    const { pingInterval, pingTimeout } = JSON.parse(first.slice(1)) as { pingInterval: number; pingTimeout: number };
    expect(pingInterval).toBeLessThanOrEqual(30_000);
    expect(pingInterval + pingTimeout).toBeLessThan(60_000);
  });

  it('holds a user to 20 sockets a node', async () => {
    const token = signToken(['user']);
    await Promise.all(Array.from({ length: 20 }, () => open(1, '/market', { token })));
    expect(await refusal(1, '/market', { token })).toMatchObject({ code: 6005 });
    await open(1);
  });

  it('warns before the token ends, lets it be renewed, and closes the socket when it was not', async () => {
    const id = 'a3f1c1de-7c1c-4b1a-9a58-0a4a3a2b1c0d';
    const short = (lifetimeS: number): { token: string } => ({ token: signToken(['user'], { id, lifetimeS }) });
    const [kept, left] = await Promise.all([open(0, '/market', short(3)), open(0, '/market', short(3))]);
    await kept.until(() => kept.of('auth.expiring').length > 0, 'the warning');
    expect(await kept.ask('auth.refresh', { token: signToken(['user']) })).toMatchObject({ ok: false, code: 6001 });
    expect(await kept.ask('auth.refresh', short(900))).toMatchObject({ ok: true });
    await left.until(() => !left.socket.connected, 'the end', 6_000);
    expect(left.of('error')).toMatchObject([{ code: 6002 }]);
    expect(kept.socket.connected).toBe(true);
  });
});
