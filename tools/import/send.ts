import { stat } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { symbolInFileName } from '@mystocks/contracts';
import { kindOf, openText, peek } from './file.ts';
import type { BatchAnswer, RefusedLine } from './report.ts';

export interface ImportOptions {
  readonly url: string;
  readonly token: string;
  /** Instead of what the first lines say. */
  readonly timeframe?: string | undefined;
  /** How the file is encoded; recognised where absent. */
  readonly encoding?: string | undefined;
  /** The source whose columns and units the file has; recognised by its header where absent. */
  readonly format?: string | undefined;
  /** `start` when times say when a bar starts; they say when it ends where absent. */
  readonly stamps?: string | undefined;
  /** The instrument of a file that does not name it; as the name of the file says where absent. */
  readonly symbol?: string | undefined;
  /** Register instruments that bars name and no list did. */
  readonly register?: boolean;
  /** Only report; nothing is stored. */
  readonly dryRun?: boolean;
  /** Hears the share of the file that was sent, 0 to 1. */
  readonly progress?: (share: number) => void;
  /** Hears of every line that is refused, while the file is sent. */
  readonly refused?: (line: RefusedLine) => void;
}

/** The report of a file. */
export interface Imported {
  readonly answer: BatchAnswer;
  /** Why the file could not be read to its end; the whole lines before are in the report. */
  readonly cutOff?: Error;
}

const IDLE_MAX_MS = 120_000;

/** Sends a file to the gateway as one request, as fast as the gateway takes it, and gives back its report. */
export async function importFile(path: string, options: ImportOptions): Promise<Imported> {
  const seen = kindOf(await peek(path, options.encoding), options.timeframe);
  const query = new URLSearchParams({ concurrency: '4' });
  if (options.encoding !== undefined) query.set('charset', options.encoding);
  if (options.dryRun === true) query.set('dry_run', 'true');
  if (seen.kind === 'bars') {
    query.set('register', String(options.register ?? true));
    if (seen.timeframe !== undefined) query.set('timeframe', seen.timeframe);
    if (options.format !== undefined) query.set('format', options.format);
    if (options.stamps !== undefined) query.set('stamps', options.stamps);
    const symbol = options.symbol ?? symbolInFileName(path);
    if (symbol !== undefined) query.set('symbol', symbol);
  }
  return send(path, new URL(`/api/v2/batch/${seen.kind}?${query.toString()}`, options.url), options);
}

async function send(path: string, url: URL, options: ImportOptions): Promise<Imported> {
  const { size } = await stat(path);
  let sent = 0;
  const text = await openText(path, (bytes) => {
    sent += bytes;
    options.progress?.(size === 0 ? 1 : sent / size);
  });
  let cutOff: Error | undefined;
  const call = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'text/csv',
      accept: 'application/x-ndjson, application/json',
      authorization: `Bearer ${options.token}`,
    },
  });
  call.setTimeout(IDLE_MAX_MS, () => call.destroy(new Error('the gateway has been silent for two minutes')));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).once('error', reject);
  });
  const uploaded = pipeline(
    wholeLines(text, (error) => (cutOff = error)),
    call,
  ).catch(async (error: unknown) => {
    // A gateway that refuses answers before the end and hangs up: its answer says why, the broken pipe does not.
    await Promise.race([answered.catch(() => undefined), pause(1_000, undefined, { ref: false })]);
    throw error;
  });
  const response = await Promise.race([answered, uploaded.then(() => answered)]);
  uploaded.catch(() => undefined);
  const answer = await readAnswer(response, options.refused);
  return { answer, ...(cutOff === undefined ? {} : { cutOff }) };
}

/** The lines of a text up to where it cannot be read any more. Half a line is left out: half a number is another number. */
async function* wholeLines(text: Readable, onCut: (error: Error) => void): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      // LF, or the CR of old Macintosh files.
      const end = Math.max(chunk.lastIndexOf(0x0a), chunk.lastIndexOf(0x0d)) + 1;
      if (end > 0) {
        if (rest.length > 0) yield rest;
        yield chunk.subarray(0, end);
        rest = chunk.subarray(end);
      } else rest = Buffer.concat([rest, chunk]);
    }
  } catch (error) {
    onCut(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (rest.length > 0) yield rest;
}

/** Refused lines and the report behind them, line by line; or one document where the gateway refused the whole. */
async function readAnswer(response: IncomingMessage, refused: ImportOptions['refused']): Promise<BatchAnswer> {
  let last = '';
  for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
    const value = parsed(line);
    if (isRefused(value)) refused?.(value);
    else last += line;
  }
  const body = parsed(last);
  if (typeof body === 'object' && body !== null && 'summary' in body) return body as BatchAnswer;
  const problem = ((body as { problem?: object } | undefined)?.problem ?? body ?? {}) as Problem;
  const why = problem.detail ?? problem.title ?? last.slice(0, 300);
  throw new Error(`the gateway answered ${String(problem.status ?? response.statusCode)}: ${why}`);
}

interface Problem {
  readonly status?: number;
  readonly title?: string;
  readonly detail?: string;
}

const isRefused = (value: unknown): value is RefusedLine =>
  typeof value === 'object' && value !== null && 'line' in value && 'error' in value;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
