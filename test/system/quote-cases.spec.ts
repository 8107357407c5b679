import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordedCases } from '@mystocks/testing';
import { fileURLToPath } from 'node:url';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv, root, type Reply } from './requests.js';

const run = promisify(execFile);
const folder = fileURLToPath(recordedCases);
const title = 'real quotes, made small (skipped where the recorded cases are not there)';

(existsSync(folder) ? describe : describe.skip)(title, () => {
  let system: System;
  const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const record = (name: string): Promise<Reply> =>
    post(system.url, '/api/v2/quotes', JSON.parse(file(name)), system.adminToken);
  const latest = async (symbol: string): Promise<unknown> => {
    const { body } = await get(system.url, `/api/v2/stocks/${symbol}/quotes/latest`, system.adminToken);
    return (body as { quote: unknown }).quote;
  };

  beforeAll(async () => {
    system = await startSystem();
    await postCsv(system.url, '/api/v2/batch/symbols', file('00-instruments.csv'), system.adminToken);
    const more = 'code,exchange,name\n600983,SSE,惠而浦\n';
    await postCsv(system.url, '/api/v2/batch/symbols', more, system.adminToken);
  }, 60_000);
  afterAll(() => system.stop(), 30_000);

  it('59: reads fractions of a second of any length and says how a zone is written', async () => {
    const { status, body } = await record('59-fractions.json');
    expect(status).toBe(207);
    expect(body).toMatchObject({
      summary: { total: 3, succeeded: 2, failed: 1 },
      items: [
        { status: 201 },
        { status: 201 },
        { status: 400, error: { message: expect.stringContaining('the zone is Z, +hh:mm or -hh:mm') } },
      ],
    });
    expect(await latest('300750.SZ')).toMatchObject({ t: '2026-11-20T09:31:01.123456+08:00', v: 2 });
  });

  it('80: shows the last volume of the day, whose snapshots have the same second', async () => {
    expect(await record('80-same-second.json')).toMatchObject({ status: 200 });
    expect(await latest('600036.SH')).toMatchObject({ v: 1_200 });
    expect((await record('80-same-second.json')).body).toMatchObject({ items: [{ status: 409 }, { status: 200 }] });
    expect(await latest('600036.SH')).toMatchObject({ v: 1_200 });
  });

  it('same_second_quotes: shows the second of two recorded snapshots of one second after a replay', async () => {
    const home = mkdtempSync(join(tmpdir(), 'replay-'));
    try {
      const admin = join(home, 'admin.json');
      writeFileSync(admin, JSON.stringify(system.administrator), { mode: 0o600 });
      const ticks = join(folder, 'same_second_quotes.csv');
      const given = ['tools/replay.ts', ticks, '--speed', '0', '--url', system.url, '--admin', admin];
      const { stdout } = await run(process.execPath, given, { cwd: root });
      expect(stdout).toContain('2 stored, 0 known already, 0 older');
      expect(await latest('600983.SH')).toMatchObject({ last: 8.52, v: 169_600 });
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
