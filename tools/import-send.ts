import { stat } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { kindOf, openText, peek } from './import-file.ts';
import type { BatchAnswer } from './import-report.ts';

export interface ImportOptions {
  readonly url: string;
  readonly token: string;
  /** Instead of what the first lines say. */
  readonly timeframe?: string | undefined;
  /** Register instruments that bars name and no list did. */
  readonly register?: boolean;
  /** Hears the share of the file that was sent, 0 to 1. */
  readonly progress?: (share: number) => void;
}

const IDLE_MAX_MS = 120_000;

/** Sends a file to the gateway as one request, as fast as the gateway takes it, and gives back its answer. */
export async function importFile(path: string, options: ImportOptions): Promise<BatchAnswer> {
  const seen = kindOf(await peek(path));
  const query = new URLSearchParams({ concurrency: '4' });
  const timeframe = options.timeframe ?? seen.timeframe;
  if (seen.kind === 'bars') {
    query.set('register', String(options.register ?? true));
    if (timeframe !== undefined) query.set('timeframe', timeframe);
  }
  return send(path, new URL(`/api/v2/batch/${seen.kind}?${query.toString()}`, options.url), options);
}

async function send(path: string, url: URL, options: ImportOptions): Promise<BatchAnswer> {
  const { size } = await stat(path);
  let sent = 0;
  const text = await openText(path, (bytes) => {
    sent += bytes;
    options.progress?.(size === 0 ? 1 : sent / size);
  });
  // A file that cannot be read to its end breaks the connection too; that is why, not that.
  let unreadable: Error | undefined;
  text.once('error', (error) => (unreadable = error));
  const call = request(url, {
    method: 'POST',
    headers: { 'content-type': 'text/csv; charset=utf-8', authorization: `Bearer ${options.token}` },
  });
  call.setTimeout(IDLE_MAX_MS, () => call.destroy(new Error('the gateway has been silent for two minutes')));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).once('error', reject);
  });
  const uploaded = pipeline(text, call).catch(async (error: unknown) => {
    // A gateway that refuses answers before the end and hangs up: its answer says why, the broken pipe does not.
    await Promise.race([answered.catch(() => undefined), pause(1_000, undefined, { ref: false })]);
    throw error;
  });
  const response = await Promise.race([answered, uploaded.then(() => answered)]).catch((error: unknown) => {
    throw unreadable === undefined ? error : new Error(`the file cannot be read to its end: ${unreadable.message}`);
  });
  uploaded.catch(() => undefined);
  return readAnswer(response);
}

async function readAnswer(response: IncomingMessage): Promise<BatchAnswer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  const body = parsed(text);
  if (typeof body === 'object' && body !== null && 'summary' in body) return body as BatchAnswer;
  const problem = (body ?? {}) as { title?: string; detail?: string };
  const why = problem.detail ?? problem.title ?? text.slice(0, 300);
  throw new Error(`the gateway answered ${String(response.statusCode)}: ${why}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
