import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ManagedProcess, startTdengineStandIn, waitFor, type Exit, type TdengineStandIn } from '@mystocks/testing';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

// A service as small as it gets, from what `npm run build` made: five statements under way, and the system's way down.
const service = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { TdengineModule, TdenginePool, sql } from '@mystocks/connection-pool';
const limits = { size: 20, overflow: 40, acquireTimeoutMs: 20_000, requestTimeoutMs: 20_000 };
const module = TdengineModule.forRoot({ name: 'drain', url: process.env.TDENGINE_URL, database: 'test', ...limits });
const app = await NestFactory.createApplicationContext(module, { logger: false });
const pool = app.get(TdenginePool);
process.once('SIGTERM', async () => {
  console.log('stopping');
  await app.close();
  console.log('closed');
  process.exit(0);
});
const work = Array.from({ length: 5 }, () => pool.query(sql\`SELECT 5\`));
for (const one of work) one.then(({ rows }) => console.log('answer', String(rows[0][0])), (error) => console.log('lost', error));
`;

let standIn: TdengineStandIn;
beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());

it('completes the five statements under way on SIGTERM, closes its connections and exits with 0', async () => {
  const selecting = (): number => standIn.statements.filter((text) => text === 'SELECT 5').length;
  const child = new ManagedProcess({
    name: 'drain',
    command: process.execPath,
    args: ['--input-type=module', '--eval', service],
    cwd: root,
    env: { PATH: '', TDENGINE_URL: standIn.url },
    ready: () => undefined,
  });
  const ended = new Promise<Exit>((resolve) => {
    child.onExit(resolve);
  });
  standIn.fault({ kind: 'held' });
  await child.start();
  // Each connection is tried first; then its statement is held.
  await waitFor(() => standIn.requests === 5, { timeoutMs: 20_000, what: 'five connections' });
  standIn.release();
  await waitFor(() => selecting() === 5, { timeoutMs: 20_000, what: 'five statements' });
  process.kill(child.pid!, 'SIGTERM');
  await waitFor(() => child.output().includes('stopping'), { timeoutMs: 20_000, what: 'the signal' });
  expect(child.output()).not.toContain('answer');
  standIn.heal();
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(child.output().match(/answer 5/g)).toHaveLength(5);
  expect(child.output()).toMatch(/answer 5\nclosed/);
  expect(child.output()).not.toContain('lost');
});
