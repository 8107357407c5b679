import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Operation } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { callerWith, openUploads } from '../../test/open-uploads.js';

let ingest: Ingest;
let here: ReturnType<typeof openUploads>;
let there: ReturnType<typeof openUploads>;
beforeAll(async () => {
  ingest = await openIngest();
});
beforeEach(() => {
  here = openUploads(ingest);
  there = openUploads(ingest);
});
afterEach(async () => {
  await Promise.all([here.worker.onModuleDestroy(), there.worker.onModuleDestroy()]);
  await ingest.pool.write((client) => client.query('DELETE FROM market_data.uploads'));
});
afterAll(() => ingest.stop());

const owner = callerWith('feed');
const line = (code: number, close = '10'): string => `${code},SSE,2024-01-02,10,11,9,${close},100\n`;
const ended = async (id: string): Promise<Operation> =>
  waitFor(
    async () => {
      const operation = await here.uploads.get(id, owner);
      if (operation.result === undefined) throw new Error(operation.status);
      return operation;
    },
    { timeoutMs: 20_000 },
  ) as Promise<Operation>;
const count = async (table: string): Promise<unknown> =>
  (await ingest.rows(`SELECT count(*)::int AS n FROM market_data.${table}`))[0]?.['n'];
const run = (text: string): Promise<unknown> => ingest.pool.write((client) => client.query(text));

describe('an upload', () => {
  it('an upload is stored by any instance that finds it, and published as events', async () => {
    const { id } = await here.send(owner, [line(600_001), line(600_002)]);
    there.worker.onApplicationBootstrap();
    expect(await ended(id)).toMatchObject({ status: 'succeeded', result: { summary: { total: 2, inserted: 2 } } });
    await waitFor(() => ingest.changes().length === 2, { timeoutMs: 5_000 });
    expect(ingest.changes().map(({ symbol }) => symbol)).toEqual(['600001.SH', '600002.SH']);
  });

  it.each(['continue', 'abort'] as const)(
    'lists the superseded lines of all its blocks with on_error=%s',
    async (on_error) => {
      const blocks = [600_001, 600_002].map((code) => `${line(code, '9.5')}${line(code, '10')}`);
      const { id } = await here.send(owner, blocks, { on_error });
      here.worker.onApplicationBootstrap();
      expect(await ended(id)).toMatchObject({
        status: 'succeeded',
        result: {
          summary: { total: 4, succeeded: 4 },
          superseded: {
            count: 2,
            lines: [
              { line: 2, by: 3 },
              { line: 4, by: 5 },
            ],
          },
        },
      });
    },
  );

  it.each(['continue', 'abort'] as const)(
    'lists the lines of an instrument list that lines of later blocks replace, with on_error=%s',
    async (on_error) => {
      const blocks = ['600010.SH,One\n600011.SH,Two\n', '600012.SH,Three\n600010.SH,Four\n', '600010.SH,Five\n'];
      const { id } = await here.send(owner, blocks, { kind: 'symbols', register: false, on_error }, 'symbol,name');
      here.worker.onApplicationBootstrap();
      const lines = [
        { line: 2, by: 5 },
        { line: 5, by: 6 },
      ];
      expect(await ended(id)).toMatchObject({
        status: 'succeeded',
        result: { summary: { total: 5, succeeded: 5 }, superseded: { count: 2, lines } },
      });
    },
  );

  it.each(['continue', 'abort'] as const)(
    'lists the lines of a factor list that lines of later blocks contradict, with on_error=%s',
    async (on_error) => {
      await ingest.lists.ingest(request('symbol,name', '600010.SH,One', { register: false }));
      await run('DELETE FROM market_data.factors');
      const blocks = ['2', '2', '2.5', '3'].map((factor) => `600010.SH,2024-01-02,${factor}\n`);
      const { id } = await here.send(
        owner,
        blocks,
        { kind: 'factors', register: false, on_error },
        'symbol,ex_date,factor',
      );
      here.worker.onApplicationBootstrap();
      // Line 3 says what line 2 says.
      const lines = [
        { line: 3, by: 4 },
        { line: 4, by: 5 },
      ];
      expect(await ended(id)).toMatchObject({
        status: 'succeeded',
        result: { summary: { total: 4, succeeded: 4, inserted: 1, updated: 2 }, superseded: { count: 2, lines } },
      });
    },
  );

  it('goes on at another instance when the one that held it is gone, storing nothing twice', async () => {
    const { id } = await here.send(owner, [line(600_003), line(600_004)]);
    const dead = randomUUID();
    expect((await here.queue.claim(dead))?.id).toBe(id);
    expect(await there.queue.claim(randomUUID())).toBeUndefined();
    await run(`UPDATE market_data.uploads SET lease_until = now()`);
    there.worker.onApplicationBootstrap();
    expect(await ended(id)).toMatchObject({ status: 'succeeded', result: { summary: { inserted: 2 } } });
    expect(await here.queue.renew(id, dead)).toBeUndefined();
  });

  it('an upload is given back at once by an instance that stops', async () => {
    const { id } = await here.send(owner, [line(600_005)]);
    const holder = randomUUID();
    await here.queue.claim(holder);
    await here.queue.release(id, holder, 0);
    expect((await there.queue.claim(randomUUID()))?.id).toBe(id);
  });

  it('fails after ten attempts that stored nothing, and says what stands', async () => {
    const { id } = await here.send(owner, [line(600_006)]);
    await run('UPDATE market_data.uploads SET attempts = 10');
    here.worker.onApplicationBootstrap();
    expect(await ended(id)).toMatchObject({ status: 'failed', problem: { code: 'unavailable' } });
  });

  it('stages a block that is sent twice once, and is not started when blocks were lost', async () => {
    const id = randomUUID();
    const options = { kind: 'bars', register: true, on_error: 'continue', concurrency: 1, format: 'csv' } as const;
    await here.uploads.open({ ...options, id }, owner);
    const block = { id, first_line: 2, lines: 1, body: Buffer.from(line(600_007)) };
    await here.uploads.append(block, owner);
    await here.uploads.append(block, owner);
    expect(await count('upload_blocks')).toBe(1);
    const header = 'code,exchange,date,open,high,low,close,volume';
    const sent = { id, header, blocks: 2, lines: 2, bytes: 2 * block.body.length };
    await expect(here.uploads.start(sent, owner)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(here.uploads.append(block, callerWith('feed'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(here.uploads.get(id, owner)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('an upload with an unreadable header is refused before it is queued', async () => {
    const id = randomUUID();
    const options = { kind: 'symbols', register: false, on_error: 'continue', concurrency: 1, format: 'csv' } as const;
    await here.uploads.open({ ...options, id }, owner);
    const start = here.uploads.start({ id, header: 'a,b', blocks: 1, lines: 1, bytes: 1 }, owner);
    await expect(start).rejects.toMatchObject({ code: 'unprocessable' });
  });

  it('an upload is seen and ended by its owner and operators only', async () => {
    const { id } = await here.send(owner, [line(600_008)]);
    await expect(here.uploads.get(id, callerWith('feed'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(here.uploads.cancel(id, callerWith('feed'))).rejects.toMatchObject({ code: 'not_found' });
    expect(await here.uploads.cancel(id, callerWith('operator'))).toMatchObject({ status: 'cancelled' });
    expect(await here.uploads.cancel(id, owner)).toMatchObject({ status: 'cancelled' });
  });

  it('an upload is one of at most ten of a user that have not ended', async () => {
    for (let n = 0; n < 10; n += 1) await here.send(owner, [line(600_010 + n)]);
    await expect(here.send(owner, [line(600_030)])).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(here.send(callerWith('feed'), [line(600_030)])).resolves.toMatchObject({ status: 'queued' });
  });
});

describe('what uploads leave behind', () => {
  it('what uploads leave behind is deleted: text of what has ended, unfinished uploads, and operations after seven days', async () => {
    const { id } = await here.send(owner, [line(600_001, '-1'), line(600_002)]);
    here.worker.onApplicationBootstrap();
    await ended(id);
    const abandoned = randomUUID();
    const options = { kind: 'bars', register: true, on_error: 'continue', concurrency: 1, format: 'csv' } as const;
    await here.uploads.open({ ...options, id: abandoned }, owner);
    await here.uploads.append({ id: abandoned, first_line: 2, lines: 1, body: Buffer.from('x') }, owner);
    await here.remains.prune(() => false);
    expect([await count('uploads'), await count('upload_refusals'), await count('upload_blocks')]).toEqual([2, 1, 1]);
    await run(
      `UPDATE market_data.uploads SET created_at = now() - interval '1 hour', ended_at = ended_at - interval '8 days'`,
    );
    await run(`UPDATE market_data.upload_blocks SET staged_at = now() - interval '1 hour'`);
    await here.remains.prune(() => false);
    expect([await count('uploads'), await count('upload_refusals'), await count('upload_blocks')]).toEqual([0, 0, 0]);
  });
});
