import { tradingDays } from '@mystocks/calendar';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { PostgresPool } from '@mystocks/connection-pool';
import { waitFor } from '@mystocks/testing';
import { type System } from '@mystocks/testing';
import { ask, bearer, get, type Reply } from './requests.js';

export interface Operation {
  readonly id: string;
  readonly status: string;
  readonly cancelling: boolean;
  readonly progress: Readonly<
    Record<'blocks' | 'lines' | 'bytes', { readonly done: number; readonly total: number }>
  > & {
    readonly phase: string;
  };
  readonly result: {
    readonly summary: Readonly<Record<'total' | 'succeeded' | 'failed' | 'inserted' | 'updated' | 'unchanged', number>>;
    readonly ignored_columns: readonly string[];
    readonly registered: readonly string[];
    readonly report: { readonly href: string; readonly lines: number; readonly truncated: boolean } | null;
  } | null;
  readonly problem: { readonly status: number; readonly code: number; readonly detail: string } | null;
}

export const HEADER = 'code,exchange,date,open,high,low,close,volume\n';
export const days = tradingDays('2000-01-01', '2005-12-31');

/** Line `n` of a made file: one instrument a thousand days. */
export const lineOf = (n: number, close = '10.00'): string => {
  return `${600_000 + Math.floor(n / 1_000)},SSE,${days[n % 1_000] ?? ''},10.00,11.00,9.00,${close},100\n`;
};

/** A file of `count` bars; every `poisonEvery`th, from the first on, is refused. */
export const fileOf = (count: number, poisonEvery = 0): string => {
  const isPoison = (n: number): boolean => poisonEvery > 0 && n % poisonEvery === 0;
  return HEADER + Array.from({ length: count }, (_, n) => lineOf(n, isPoison(n) ? '-1' : '10.00')).join('');
};

/** Line numbers of the poison in {@link fileOf}. */
export const poisonIn = (count: number, every: number): number[] =>
  Array.from({ length: Math.ceil(count / every) }, (_, n) => 2 + n * every);

export interface UploadOptions {
  readonly name?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function upload(
  system: System,
  content: string | Buffer,
  query = '',
  options: UploadOptions = {},
): Promise<Reply> {
  const form = new FormData();
  form.append('file', new Blob([Uint8Array.from(Buffer.from(content))]), options.name ?? 'bars.csv');
  return ask(system.url, `/api/v2/uploads?${query}`, {
    method: 'POST',
    headers: { ...bearer(options.token ?? system.adminToken), ...options.headers },
    body: form,
  });
}

/** Sends a form of one file chunk by chunk, as fast as it is taken and never holding it; answers the status. */
export async function uploadStream(system: System, name: string, chunks: Iterable<Buffer>): Promise<Reply> {
  const boundary = 'the-boundary-of-this-form';
  const call = request(`${system.url}/api/v2/uploads`, {
    method: 'POST',
    headers: { ...bearer(system.adminToken), 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  const answered = new Promise<Reply>((resolve, reject) => {
    call.once('error', reject).once('response', (response) => {
      const parts: Buffer[] = [];
      response
        .on('data', (part: Buffer) => parts.push(part))
        .once('end', () => {
          const text = Buffer.concat(parts).toString();
          const headers = new Headers(Object.entries(response.headers).map(([key, value]) => [key, String(value)]));
          resolve({ status: response.statusCode ?? 0, headers, text, body: JSON.parse(text) as unknown });
        });
    });
  });
  let isOver = false;
  const over = answered.finally(() => (isOver = true)).catch(() => undefined);
  call.write(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`);
  try {
    for (const chunk of chunks) {
      if (isOver) break;
      const drained = call.write(chunk) || new Promise((resolve) => call.once('drain', resolve));
      await Promise.race([drained, over]);
    }
  } catch (error) {
    call.destroy();
    throw error;
  }
  if (!isOver) call.end(`\r\n--${boundary}--\r\n`);
  return answered;
}

export const operationAt = async (system: System, path: string | null): Promise<Operation> =>
  (await get(system.url, path ?? '', system.adminToken)).body as Operation;

/** Waits until the operation is as wanted. */
export const until = (
  system: System,
  path: string | null,
  wanted: (operation: Operation) => boolean,
): Promise<Operation> =>
  waitFor(
    async () => {
      const operation = await operationAt(system, path);
      if (!wanted(operation)) throw new Error(JSON.stringify(operation));
      return operation;
    },
    { timeoutMs: 40_000, what: 'the operation' },
  ) as Promise<Operation>;

export const ended = (system: System, path: string | null): Promise<Operation> =>
  until(system, path, ({ result }) => result !== null);

/** Line numbers of the report. */
export async function reportedLines(system: System, operation: Operation): Promise<number[]> {
  const { text } = await get(system.url, operation.result?.report?.href ?? '', system.adminToken);
  const [header, ...rows] = text.trimEnd().split('\r\n');
  if (header !== 'line,id,code,message') throw new Error(`not a report: ${text.slice(0, 200)}`);
  return rows.map((row) => Number(row.split(',')[0]));
}

/** Rows of a table of market data, as PostgreSQL itself counts them. */
export async function storedRows(system: System, where = 'true', table = 'bars_daily'): Promise<number> {
  const url = system.postgres.superuserUrl;
  const pool = new PostgresPool({ name: 'spec', url, size: 1, overflow: 0, statementTimeoutMs: 10_000 });
  try {
    const text = `SELECT count(*)::int AS n FROM market_data.${table} WHERE ${where}`;
    return (await pool.query<{ n: number }>({ text })).rows[0]?.n ?? 0;
  } finally {
    await pool.close();
  }
}

/** Memory of a process that is really in use, MB. */
export function residentMb(pid: number | undefined): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kb) / 1_024;
}
