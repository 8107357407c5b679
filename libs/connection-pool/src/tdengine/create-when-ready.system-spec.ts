import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { startTdengineStandIn, type TdengineStandIn } from '@mystocks/testing';
import { sql } from './literal.js';
import { createWhenReady } from './create-when-ready.js';
import { TdenginePool } from './tdengine.pool.js';

let standIn: TdengineStandIn;
let pool: TdenginePool;
beforeAll(async () => {
  standIn = await startTdengineStandIn();
  const limits = { size: 1, overflow: 0, acquireTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
  pool = new TdenginePool({ name: 'prepare', url: standIn.url, database: 'prepare', ...limits });
});
afterEach(() => {
  standIn.heal();
});
afterAll(async () => {
  await pool.close();
  await standIn.stop();
});

const create = async (): Promise<void> => {
  await pool.query(sql`CREATE DATABASE IF NOT EXISTS prepare VGROUPS 2 PRECISION 'ms' KEEP 31`);
};

it('waits until a dnode is ready, and says so', async () => {
  standIn.fault({ kind: 'error', code: 0x0334, desc: 'Out of dnodes' });
  const reports: string[] = [];
  const report = (text: string): void => {
    reports.push(text);
    if (reports.length === 2) standIn.heal();
  };
  await createWhenReady(create, report, 1);
  expect(reports).toHaveLength(2);
  expect(reports[0]).toMatch(/Out of dnodes.*59 more tries/);
});

it('gives up after 60 tries without a dnode', async () => {
  standIn.fault({ kind: 'error', code: 0x0334, desc: 'Out of dnodes' });
  const reports: string[] = [];
  const waiting = createWhenReady(create, (text) => reports.push(text), 1);
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(reports).toHaveLength(59);
});

it('fails at once, with what to do, when no vnode is left', async () => {
  standIn.fault({ kind: 'error', code: 0x03ba, desc: 'Vnodes exhausted' });
  const reports: string[] = [];
  const failing = createWhenReady(create, (text) => reports.push(text), 1);
  const cause = { message: expect.stringContaining('raise supportVnodes in the taos.cfg of the dnodes') };
  await expect(failing).rejects.toMatchObject({ code: 'internal', cause });
  expect(reports).toEqual([]);
});
