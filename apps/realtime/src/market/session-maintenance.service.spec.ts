import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { latestQuotes, quoteChanged, resolveInstruments, type Answer, type QuoteChanged } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import type { Socket } from 'socket.io';
import { openKinds } from '../../test/open-kinds.js';
import { Audience } from '../channels/audience.js';
import { SymbolsService } from '../reads/symbols.service.js';
import { SessionMaintenanceService } from './session-maintenance.service.js';
import { ChannelBudgets } from '../sessions/channel-budgets.js';
import { Session } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import { SubscriptionsService } from './subscriptions.service.js';

const answer = (body: object): Answer => ({
  body: Buffer.from(JSON.stringify(body)),
  etag: '"1"',
  tags: [],
  ttl_ms: 0,
  built_at_ms: 0,
});

/** A socket that only remembers. */
function fakeSocket(): {
  socket: Socket;
  rooms: Set<string>;
  sent: unknown[][];
  conn: { writeBuffer: unknown[]; closed: boolean };
} {
  const rooms = new Set<string>();
  const sent: unknown[][] = [];
  const conn = {
    writeBuffer: [] as unknown[],
    closed: false,
    close: () => {
      conn.closed = true;
    },
  };
  const socket = {
    id: 's1',
    handshake: { address: '127.0.0.1' },
    connected: true,
    conn,
    join: (room: string) => rooms.add(room),
    leave: (room: string) => rooms.delete(room),
    emit: (...args: unknown[]) => sent.push(args),
  };
  return { socket: socket as unknown as Socket, rooms, sent, conn };
}

const caller = { id: 'u1', username: 'desk', roles: ['user'] as const, expiresAtMs: Number.MAX_SAFE_INTEGER };
const event = (seq: number): QuoteChanged => ({
  quote: { symbol: '600519.SH', t: '2024-06-14T10:00:00+08:00', last: seq },
  seq,
  received_at_ms: 0,
  lsn: `0/${seq}`,
});

describe('a socket that does not take in what it is sent', () => {
  const fake = new FakeBus();
  const audience = new Audience();
  const { kinds, open, close } = openKinds(fake.bus, audience);
  const budgets = new ChannelBudgets({ userSocketsMax: 20, addressChannelsPerS: undefined });
  const subscriptions = new SubscriptionsService(budgets, new SymbolsService(fake.bus), kinds, audience);
  const sessions = new Sessions({ socketsMax: 10, userSocketsMax: 10 });
  const maintenance = new SessionMaintenanceService(sessions, subscriptions, kinds);
  let seq = 1;

  beforeEach(() => {
    jest.useFakeTimers();
    fake.answer(resolveInstruments, ({ symbols }) => ({
      instruments: symbols.map((asked) => ({ asked, symbol: asked })),
    }));
    fake.answer(latestQuotes, () => answer({ quotes: { '600519.SH': { last: seq, seq } } }));
    open();
    maintenance.onModuleInit();
  });
  afterEach(async () => {
    await maintenance.beforeApplicationShutdown();
    close();
    jest.useRealTimers();
  });

  it('a socket that does not take in what it is sent is paused, and told what it missed with the latest value when it is back; closed after 10 s', async () => {
    const { socket, rooms, sent, conn } = fakeSocket();
    const session = new Session(socket, { caller, token: 't' }, 0);
    sessions.add(session);
    const request = { channels: ['quote.600519.SH'], mode: undefined, recover: new Map() };
    expect(await subscriptions.subscribe(session, request)).toMatchObject([{ status: 'subscribed', offset: 1 }]);
    expect([...rooms]).toEqual(['ch:quote.600519.SH']);

    conn.writeBuffer = Array.from({ length: 513 });
    await jest.advanceTimersByTimeAsync(500);
    expect(rooms.size).toBe(0);
    for (seq = 2; seq < 9; seq += 1) fake.publish(quoteChanged, event(seq));
    seq = 8;
    conn.writeBuffer = [];
    await jest.advanceTimersByTimeAsync(500);
    expect([...rooms]).toEqual(['ch:quote.600519.SH']);
    expect(sent).toMatchObject([
      ['slow_consumer', { policy: 'paused', dropped: 7 }],
      ['gap', { channel: 'quote.600519.SH', from: 2, to: 8, reason: 'slow' }],
      ['snapshot', { offset: 8, snapshot: { last: 8 } }],
    ]);

    conn.writeBuffer = Array.from({ length: 513 });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(conn.closed).toBe(false);
    await jest.advanceTimersByTimeAsync(1_500);
    expect(conn.closed).toBe(true);
    sessions.remove(socket);
    subscriptions.leaveAll(session);
    expect(audience.channels()).toEqual([]);
  });
});
