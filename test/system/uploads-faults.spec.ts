import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGzip } from 'node:zlib';
import { waitFor } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer } from './requests.js';
import {
  days,
  ended,
  fileOf,
  HEADER,
  lineOf,
  poisonIn,
  reportedLines,
  residentMb,
  storedRows,
  until,
  upload,
  uploadStream,
} from './uploads-help.js';

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const remove = (path: string | null): ReturnType<typeof ask> =>
  ask(system.url, path ?? '', { method: 'DELETE', headers: bearer(system.adminToken) });

/** Looks at the memory of both processes an upload goes through, from now until it is asked; MB above the start. */
function watchMemory(): () => number {
  const pids = (['gateway', 'market-data'] as const).map((name) => system.services[name].process.pid);
  const before = pids.map(residentMb);
  let most = 0;
  const look = (): void => {
    most = Math.max(most, ...pids.map((pid, at) => residentMb(pid) - (before[at] ?? 0)));
  };
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

describe('an upload under way', () => {
  it('survives SIGKILL of the service: every row once, every refused line in the report', async () => {
    const lines = 200_000;
    const { headers } = await upload(system, fileOf(lines, 1_000), 'register=true&concurrency=2');
    const path = headers.get('location');
    await until(system, path, ({ progress }) => progress.blocks.done >= 3);
    await system.services['market-data'].kill();
    await system.services['market-data'].restart();
    const operation = await ended(system, path);
    expect(operation).toMatchObject({
      status: 'partial',
      progress: { lines: { done: lines, total: lines } },
      result: {
        summary: { total: lines, inserted: lines - 200, failed: 200 },
        report: { lines: 200, truncated: false },
      },
    });
    expect(await reportedLines(system, operation)).toEqual(poisonIn(lines, 1_000));
    expect(await storedRows(system)).toBe(lines - 200);
  }, 60_000);

  it('ends before its next block when it is cancelled, and says what is stored', async () => {
    const { headers } = await upload(
      system,
      fileOf(200_000).replaceAll(',100\n', ',101\n'),
      'register=true&concurrency=1',
    );
    const path = headers.get('location');
    await until(system, path, ({ progress }) => progress.blocks.done >= 1);
    expect((await remove(path)).status).toBe(202);
    const operation = await ended(system, path);
    expect(operation).toMatchObject({ status: 'cancelled', problem: null });
    const { succeeded, total } = operation.result?.summary ?? { succeeded: 0, total: 0 };
    expect(succeeded).toBe(total);
    expect(operation.progress.blocks.done).toBeLessThan(operation.progress.blocks.total);
    const changed = await storedRows(system, 'volume = 101');
    expect(changed).toBe(succeeded);
    expect((await remove(path)).status).toBe(202);
  }, 60_000);

  it('an upload under way with on_error=abort leaves nothing when it is cancelled', async () => {
    const text = fileOf(200_000).replaceAll(',100\n', ',102\n');
    const { headers } = await upload(system, text, 'register=true&on_error=abort');
    const path = headers.get('location');
    await until(system, path, ({ progress }) => progress.phase === 'storing' && progress.blocks.done >= 1);
    await remove(path);
    expect(await ended(system, path)).toMatchObject({ status: 'cancelled', result: { summary: { succeeded: 0 } } });
    expect(await storedRows(system, 'volume = 102')).toBe(0);
  }, 60_000);

  it('an upload under way that broke off is dropped with all it had staged', async () => {
    const broken = uploadStream(system, 'bars.csv', cutOff());
    await expect(broken).rejects.toThrow();
    const staged = async (): Promise<number> =>
      (await storedRows(system, 'true', 'upload_blocks')) + (await storedRows(system, "status = 'staging'", 'uploads'));
    await waitFor(async () => (await staged()) === 0, { timeoutMs: 10_000, what: 'what was staged to be gone' });
  });
});

/** 3 MB, then the connection is gone. */
function* cutOff(): Generator<Buffer> {
  yield Buffer.from(fileOf(60_000));
  throw new Error('gone');
}

describe('memory', () => {
  it('memory of fresh processes grows by less than 100 MB for a file of 200 MB, in the gateway and in market-data', async () => {
    for (const name of ['gateway', 'market-data'] as const) {
      await system.services[name].kill();
      await system.services[name].restart();
    }
    const most = watchMemory();
    const reply = await uploadStream(system, 'bars.csv', minuteFile(200 * 2 ** 20));
    expect(reply.status).toBe(202);
    const path = reply.headers.get('location');
    await until(system, path, ({ progress }) => progress.bytes.done > 60 * 2 ** 20);
    await remove(path);
    await ended(system, path);
    expect(most()).toBeLessThan(100);
  }, 90_000);

  it('does not grow for a gzip bomb, which is refused', async () => {
    const bomb = await bombOf(500 * 2 ** 20);
    expect(bomb.length).toBeLessThan(2 ** 21);
    const most = watchMemory();
    const reply = await uploadStream(system, 'bars.csv.gz', [bomb]);
    expect(reply.status).toBe(413);
    expect(reply.text).toContain('100 times');
    expect(most()).toBeLessThan(100);
  }, 60_000);
});

/** One-minute bars of one instrument after the other, day by day, as a source writes them. */
function* minuteFile(bytes: number): Generator<Buffer> {
  let sent = 0;
  yield Buffer.from('code,exchange,date,time,timeframe,open,high,low,close,volume\n');
  for (let code = 600_000; sent < bytes; code += 1) {
    for (const day of days) {
      const lines = ends.map((end) => `${code},SSE,${day},${end},1Min,10.00,11.00,9.00,10.00,100\n`);
      const chunk = Buffer.from(lines.join(''));
      yield chunk;
      sent += chunk.length;
      if (sent >= bytes) return;
    }
  }
}

const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
/** Ends of the 240 one-minute bars of a day. */
const ends = Array.from({ length: 240 }, (_, at) => clockOf(at < 120 ? 571 + at : 661 + at));

/** The gzip of a header and `bytes` bytes of one line over and over. */
async function bombOf(bytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const parts: Buffer[] = [];
  gzip.on('data', (part: Buffer) => parts.push(part));
  const done = new Promise((resolve) => gzip.once('end', resolve));
  const chunk = Buffer.from(lineOf(0).repeat(20_000));
  gzip.write(HEADER);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!gzip.write(chunk)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  await done;
  return Buffer.concat(parts);
}
