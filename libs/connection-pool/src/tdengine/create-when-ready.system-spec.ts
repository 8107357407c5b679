import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { startTdengineStandIn, type TdengineStandIn } from '@mystocks/testing';
import { sql } from './literal.js';
import { createWhenReady } from './prepare-database.js';
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
  await createWhenReady(create, { report, everyMs: 1 });
  expect(reports).toHaveLength(2);
  expect(reports[0]).toMatch(/Out of dnodes.*waiting for 60 s more/);
});

it('gives up when no dnode becomes ready in time', async () => {
  standIn.fault({ kind: 'error', code: 0x0334, desc: 'Out of dnodes' });
  const reports: string[] = [];
  const waiting = createWhenReady(create, { report: (text) => reports.push(text), waitMaxMs: 3, everyMs: 1 });
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(reports).toHaveLength(3);
});

it('says at once what to do when no vnode is left', async () => {
  standIn.fault({ kind: 'error', code: 0x03ba, desc: 'Vnodes exhausted' });
  const waiting = createWhenReady(create, { report: () => expect(0).toBe(1) });
  await expect(waiting).rejects.toThrow('raise supportVnodes in the taos.cfg of its dnodes');
});
