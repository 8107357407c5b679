import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { gb18030Bytes } from '@mystocks/testing';

const header = 'code,exchange,date,open,high,low,close,volume';
let folder: string;
let server: Server;
let url: string;
let asked: { path: string; type: string; token: string; body: string }[] = [];
let batch: (response: ServerResponse, lines: number) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    serve(request, response).catch(() => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  writeFileSync(join(folder, 'admin.json'), '{"username":"admin","password":"secret"}');
  asked = [];
  batch = (response, total) => {
    response.end(JSON.stringify({ summary: { total, succeeded: total, failed: 0 } }));
  };
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  if (request.url === '/api/v2/auth/token') {
    response.end('{"access_token":"a-token"}');
    return;
  }
  const { authorization: token = '', 'content-type': type = '' } = request.headers;
  asked.push({ path: request.url ?? '', type, token, body });
  batch(response, body.trimEnd().split('\n').length - 1);
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const run = (args: string[], stackUrl = url): Promise<Outcome> =>
  new Promise((done) => {
    const env = { ...process.env, MYSTOCKS_STACK_DIR: folder, MYSTOCKS_URL: stackUrl };
    const script = resolve('tools/import.ts');
    execFile(process.execPath, [script, ...args], { env, cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
const fileOf = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

function refuseMany(response: ServerResponse): void {
  const error = { code: 1001, message: 'high is below close' };
  for (let line = 2; line < 1_502; line += 1) {
    response.write(`${JSON.stringify({ index: line - 2, line, id: '600000', status: 422, error })}\n`);
  }
  response.end(JSON.stringify({ status: 207, summary: { total: 1_501, succeeded: 1, failed: 1_500 } }));
}

describe('npm run import', () => {
  it('sends a packed file as one CSV request, byte for byte', async () => {
    const text = `${header}\n${'600000,SSE,2024-06-14,8.1,8.2,8,8.1,100\n'.repeat(50_000)}`;
    const { code, out } = await run([fileOf('bars.csv.gz', gzipSync(text))]);
    expect(code).toBe(0);
    expect(out).toContain('50,000 lines');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      path: '/api/v2/batch/bars?concurrency=4&register=true',
      type: 'text/csv',
      token: 'Bearer a-token',
    });
    expect(asked[0]?.body === text).toBe(true);
    expect(existsSync(join(folder, 'bars.csv.gz.rejected.csv'))).toBe(false);
  });

  it('sends minute bars with their timeframe, and instruments to their own door', async () => {
    const lines = '600000,SSE,2024-06-14,09:45,1\n600000,SSE,2024-06-14,10:00,1\n';
    await run([fileOf('m.csv', `code,exchange,date,time,open\n${lines}`), '--no-register']);
    await run([fileOf('s.csv', 'code,exchange,name\n600000,SSE,浦发银行\n')]);
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v2/batch/bars?concurrency=4&register=false&timeframe=15Min',
      '/api/v2/batch/symbols?concurrency=4&dry_run=true',
      '/api/v2/batch/symbols?concurrency=4',
    ]);
  });

  it('tells what a file in another encoding or with other line ends holds, and sends it as it is', async () => {
    const minutes = ['09:45', '10:00'].map((time) => `600000,SSE,2024-06-14,${time},1,浦发银行`);
    const text = ['code,exchange,date,time,open,名称', ...minutes, ''].join('\r');
    const files = [fileOf('gbk.csv', gb18030Bytes(text)), fileOf('utf16.csv', Buffer.from(`\uFEFF${text}`, 'utf16le'))];
    for (const file of files) await run([file]);
    await run([fileOf('named.csv', gb18030Bytes(text)), '--encoding', 'GBK']);
    const path = '/api/v2/batch/bars?concurrency=4&register=true&timeframe=15Min';
    expect(asked.map((request) => request.path)).toEqual([
      path,
      path,
      '/api/v2/batch/bars?concurrency=4&charset=GBK&register=true&timeframe=15Min',
    ]);
    const refused = await run([fileOf('x.csv', text), '--encoding', 'big5']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--encoding must be one of utf-8')]);
  });

  it('passes on the format, the stamps and the symbol, which the name of the file may say too', async () => {
    const text = 'day,open,high,low,close,volume\n2024-06-14,8,9,7,8,100\n';
    await run([fileOf('SH#600000.txt', text)]);
    await run([fileOf('any.csv', text), '--format', 'sina', '--symbol', 'sz000001', '--stamps', 'start']);
    expect(asked.map((request) => request.path)).toEqual([
      '/api/v2/batch/bars?concurrency=4&register=true&symbol=600000.SH',
      '/api/v2/batch/bars?concurrency=4&register=true&format=sina&stamps=start&symbol=sz000001',
    ]);
  });

  it('shows the first refused lines, writes all of them to a file and ends with 2', async () => {
    batch = refuseMany;
    const { code, out } = await run([fileOf('bars.csv', `${header}\n1\n2\n`)]);
    expect(code).toBe(2);
    expect(out).toContain('line 2  600000  high is below close');
    const rows = readFileSync(join(folder, 'bars.csv.rejected.csv'), 'utf8').trimEnd().split('\n');
    expect([rows.length, rows[0], rows[1]]).toEqual([
      1_501,
      'line,id,code,message',
      '2,600000,1001,high is below close',
    ]);
  });

  describe('whose refused lines cannot be written', () => {
    beforeEach(() => {
      batch = refuseMany;
    });

    it.each([
      ['the disk is full', '/dev/full', 'ENOSPC'],
      ['a folder has the name of the file', 'bars.csv.rejected.csv', 'EISDIR'],
    ])('stores the file all the same when %s, and says so at the end', async (_what, report, reason) => {
      const args = [fileOf('bars.csv', `${header}\n1\n2\n`)];
      if (report.startsWith('/')) args.push('--report', report);
      else mkdirSync(join(folder, report));
      const { code, out, err } = await run(args);
      expect([code, err]).toEqual([1, expect.not.stringContaining('npm run import')]);
      expect(out).toContain('stored    1');
      expect(out).not.toContain('all refused lines');
      expect(out.trimEnd().split('\n').at(-1)).toMatch(
        new RegExp(`^  the refused lines could not be written to .*${report}: ${reason}`),
      );
    });

    it.each([
      ['a folder that is not there', 'none/refused.csv'],
      ['a folder instead of a file', '.'],
      ['a file in a file', 'bars.csv/refused.csv'],
    ])('sends nothing when --report names %s', async (_what, report) => {
      const { code, err } = await run([fileOf('bars.csv', `${header}\n1\n`), '--report', report]);
      expect([code, asked]).toEqual([1, []]);
      expect(err).toMatch(/^npm run import: --report: the refused lines cannot be written to [^\n]*\n$/);
    });
  });

  it('asks for --yes before it stores a list that gives many instruments another name', async () => {
    const warnings = [{ kind: 'renamed', count: 21, lines: [2, 3], message: 'other names' }];
    batch = (response, total) => {
      response.end(JSON.stringify({ summary: { total, succeeded: total, failed: 0 }, warnings }));
    };
    const list = fileOf('s.csv', 'code,exchange,name\n600000,SSE,浦发银行\n');
    const { code, err } = await run([list]);
    expect([code, err]).toEqual([1, expect.stringContaining('say --yes')]);
    expect(asked.map(({ path }) => path)).toEqual(['/api/v2/batch/symbols?concurrency=4&dry_run=true']);
    expect((await run([list, '--yes'])).code).toBe(0);
    expect(asked.at(-1)?.path).toBe('/api/v2/batch/symbols?concurrency=4');
  });

  it('reports a dry run as one', async () => {
    batch = (response, total) => {
      response.end(JSON.stringify({ dry_run: true, summary: { total, succeeded: total, failed: 0 } }));
    };
    const { out } = await run([fileOf('bars.csv', `${header}\n1\n`), '--dry-run']);
    expect(asked[0]?.path).toContain('dry_run=true');
    expect(out).toContain('good, not stored 1');
  });

  it('passes on what the gateway says, even when it hangs up before the end', async () => {
    const big = `${header}\n${'600000,SSE,2024-06-14,8.1,8.2,8,8.1,100\n'.repeat(400_000)}`;
    const early = createServer((request, response) => {
      if (request.url === '/api/v2/auth/token') response.end('{"access_token":"a-token"}');
      else {
        response.writeHead(403);
        response.end('{"title":"Forbidden","detail":"This needs one of the roles admin"}');
        // As the gateway does: it lets the sender go on for a moment, so that the answer is read before the cut.
        request.resume();
        setTimeout(() => request.socket.destroy(), 500);
      }
    });
    await new Promise<void>((done) => early.listen(0, '127.0.0.1', done));
    const { code, err } = await run(
      [fileOf('big.csv', big)],
      `http://127.0.0.1:${(early.address() as AddressInfo).port}`,
    );
    early.close();
    expect(code).toBe(1);
    expect(err).toContain('403: This needs one of the roles admin');
  });

  it.each([
    ['no file', [] as string[], 'npm run import -- FILE'],
    ['a file that is not there', ['none.csv'], 'none.csv'],
  ])('says what is wrong: %s', async (_what, args, text) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(1);
    expect(out + err).toContain(text);
  });

  it('says of an archive that is cut off how many whole lines before the cut are stored', async () => {
    const lines = Array.from({ length: 60_000 }, (_, at) => `600519,SSE,2020-01-02,${at},${at * 7},1,1,${at * at}`);
    const packed = gzipSync([header, ...lines].join('\n'));
    const cut = join(folder, 'cut.csv.gz');
    writeFileSync(cut, packed.subarray(0, packed.length - 1_000));
    const { code, err } = await run([cut]);
    const sent = (asked[0]?.body ?? '').split('\n');
    expect([sent.at(-1), sent.length > 1_000]).toEqual(['', true]);
    expect(sent.slice(0, -1)).toEqual([header, ...lines].slice(0, sent.length - 1));
    expect(code).toBe(1);
    expect(err).toContain('the file cannot be read to its end');
    expect(err).toContain(`${sent.length - 2} lines before that place are stored`);
  });

  it('says so when the stack is not running', async () => {
    const { code, err } = await run([fileOf('bars.csv', `${header}\n1\n`)], 'http://127.0.0.1:9');
    expect(code).toBe(1);
    expect(err).toContain('is the stack running?');
  });
});
