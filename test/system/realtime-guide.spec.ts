import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FaultProxy, ManagedProcess, removeDirectory, temporaryDirectory, waitFor } from '@mystocks/testing';
import { io } from 'socket.io-client';
import { startSystem, type System } from '@mystocks/testing';
import { post, postCsv, root } from './requests.js';

const guide = readFileSync(join(root, 'docs/guides/realtime.md'), 'utf8');
const blocks = new Map(
  [...guide.matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);
const shown = (name: string): unknown => JSON.parse(blocks.get(name) ?? '');
/** What differs with every run. */
const changing = new Set(['session_id', 'token_expires_at', 'request_id', 't']);
const masked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, member: unknown) => (changing.has(name) ? typeof member : member)));

/** `MYSTOCKS_PYTHON` names a Python that has python-socketio. */
const python = process.env['MYSTOCKS_PYTHON'] ?? 'python3';
const hasPackage = spawnSync(python, ['-c', 'import socketio, websocket']).status === 0;
const clients = [
  { title: 'for Node', command: process.execPath, file: 'client.mjs', present: true },
  {
    title: 'for Python (skipped where python-socketio[client] is not installed)',
    command: python,
    file: 'client.py',
    present: hasPackage,
  },
];

describe('docs/guides/realtime.md', () => {
  let system: System;
  const directory = temporaryDirectory('realtime-guide');
  const quote = (second: number, last: number): object => ({
    symbol: '600519.SH',
    t: `2020-06-01T10:00:${String(second).padStart(2, '0')}+08:00`,
    last,
    v: 100 * (second + 1),
  });
  const send = async (value: object): Promise<void> => {
    const reply = await post(system.url, '/api/v2/quotes', value, system.adminToken);
    expect({ status: reply.status, text: reply.text }).toMatchObject({ status: 200 });
  };

  beforeAll(async () => {
    system = await startSystem();
    const list = 'code,exchange,name\n600519,SSE,Kweichow Moutai\n';
    await postCsv(system.url, '/api/v2/batch/symbols', list, system.adminToken);
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const { file } of clients) writeFileSync(join(directory, file), blocks.get(file) ?? '');
  }, 180_000);
  afterAll(async () => {
    await system.stop();
    await removeDirectory(directory);
  }, 30_000);

  it('names every event that the namespace /market has', () => {
    const files = readdirSync(join(root, 'apps/realtime/src'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('spec.ts') && !file.startsWith('v1/'),
    );
    const source = files.map((file) => readFileSync(join(root, 'apps/realtime/src', file), 'utf8')).join('\n');
    const sent = [...source.matchAll(/emit\((?:[\w()., {}:]+, )?'([a-z._]+)'/g)].map(([, name]) => name);
    const taken = [...source.matchAll(/@SubscribeMessage\('([a-z._]+)'\)/g)].map(([, name]) => name);
    const [, events = ''] = /^## Events\n([^]*?)^## /m.exec(guide) ?? [];
    const named = [...events.matchAll(/^\| `([a-z._]+)` \|/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual([...new Set([...sent, ...taken])].sort());
  });

  it('shows hello, the acknowledgements and data as they are', async () => {
    const socket = io(`${system.services.realtime.url}/market`, {
      transports: ['websocket'],
      auth: { token: system.adminToken },
    });
    const next = (event: string): Promise<unknown> =>
      new Promise((resolve) => socket.once(event, (payload: unknown) => resolve(masked(payload))));
    try {
      expect(await next('hello')).toEqual(masked(shown('hello')));
      const channels = ['quote.600519', 'bar.1Day.600519.SH', 'quote.600999.SH'];
      expect(await socket.emitWithAck('subscribe', { channels })).toEqual(shown('subscribe'));
      const refused: unknown = await socket.emitWithAck('subscribe', { channels, mode: 'fast' });
      expect(masked(refused)).toEqual(masked(shown('error')));
      const data = next('data');
      await send(quote(0, 1389));
      expect(await data).toMatchObject(masked(shown('data')) as object);
    } finally {
      socket.disconnect();
    }
  });

  for (const [index, { title, command, file, present }] of clients.entries())
    (present ? it : it.skip)(`has a client ${title} that recovers after a cut and shows each value once`, async () => {
      const proxy = await FaultProxy.inFrontOf(Number(new URL(system.services.realtime.url).port));
      const args = [join(directory, file), `http://127.0.0.1:${proxy.port}`, system.adminToken, 'quote.600519.SH'];
      const program = new ManagedProcess({
        name: file,
        command,
        args,
        cwd: directory,
        env: { PATH: process.env['PATH'] },
        ready: () => undefined,
      });
      const seen = (): number[] =>
        [...program.output().matchAll(/^\{.*\}$/gm)].map(
          ([line]) => (JSON.parse(line) as { value: { last: number } }).value.last,
        );
      const until = (prices: number[]): Promise<unknown> =>
        waitFor(() => seen().join() === prices.join(), {
          timeoutMs: 40_000,
          what: `${prices.join(', ')} in:\n${program.output()}`,
        });
      const [first, second, third] = [1400 + 10 * index, 1401 + 10 * index, 1402 + 10 * index] as const;
      try {
        await send(quote(10 + 10 * index, first));
        await program.start();
        await until([first]);
        await proxy.down();
        await send(quote(11 + 10 * index, second));
        await proxy.pass();
        await until([first, second]);
        proxy.reset();
        await waitFor(() => proxy.connections === 1, { timeoutMs: 40_000, what: 'the client to connect again' });
        await send(quote(12 + 10 * index, third));
        await until([first, second, third]);
      } finally {
        await program.stop();
        await proxy.down();
      }
    });
});
