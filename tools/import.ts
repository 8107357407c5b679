import { createWriteStream, type WriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { importCalendar, isCalendar } from './import/calendar.ts';
import { REJECTED_HEADER, rejectedRow, reportOf, SHOWN_MAX, type RefusedLine } from './import/report.ts';
import { kindOf, peek } from './import/file.ts';
import { importFile, type ImportOptions } from './import/send.ts';
import { administratorToken } from './stack/administrator.ts';
import { readPlan } from './stack/plan.ts';

const usage = `npm run import -- FILE.csv[.gz] [options]

Stores bars, instruments or trading days of a CSV file (plain or gzip) in a running stack. Which of them, and the timeframe of
minute bars, is read from the file. Exit code: 0 all stored, 2 some lines refused, 1 failed.

  --timeframe 15Min   frame of the bars, instead of what the times of the file say
  --encoding gb18030  how the file is encoded: utf-8, gb18030 (also GBK), utf-16le or utf-16be; recognised where absent
  --format tushare    whose columns and units the file has: mystocks, tushare, akshare, baostock, tdx, pandas or sina;
                      recognised by the header where it can be
  --stamps start      the times say when a bar starts; as stored they say when it ends
  --symbol 600519.SH  the instrument of a file that does not name it; also read from a name like SH#600519.txt
  --dry-run           report what would be refused; nothing is stored
  --yes               store a list although it gives many instruments another name
  --no-register       refuse bars of instruments that no list has named
  --report FILE       where to write the refused lines (default: FILE.rejected.csv)
  --url URL           the gateway (default: that of npm start)`;

/** One line that moves on a terminal; elsewhere a line every three seconds. */
function progressBar(name: string): { show(share: number): void; end(): void } {
  let lastMs = Date.now();
  const tty = process.stderr.isTTY;
  const everyMs = tty ? 100 : 3_000;
  const width = 30;
  const draw = (share: number): void => {
    const full = Math.min(width, Math.round(share * width));
    const bar = `${'#'.repeat(full)}${'.'.repeat(width - full)}`;
    const percent = `${String(Math.min(100, Math.floor(share * 100))).padStart(3)} %`;
    process.stderr.write(tty ? `\r[${bar}] ${percent} ${name}` : `${percent} ${name}\n`);
  };
  return {
    show: (share) => {
      if (Date.now() - lastMs < everyMs) return;
      lastMs = Date.now();
      draw(share);
    },
    end: () => {
      if (!tty) return;
      draw(1);
      process.stderr.write('\n');
    },
  };
}

/** Refused lines, written as they come; there is no file without one. That it cannot be written stops nothing. */
class RejectedFile {
  readonly first: RefusedLine[] = [];
  readonly #path: string;
  #stream: WriteStream | undefined;
  #unwritten: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined while no line was refused. */
  get file(): string | undefined {
    return this.#stream === undefined ? undefined : this.#path;
  }

  /** Why lines could not be written; undefined while all were. */
  get unwritten(): string | undefined {
    return this.#unwritten;
  }

  add(line: RefusedLine): void {
    if (this.first.length < SHOWN_MAX) this.first.push(line);
    if (this.#unwritten !== undefined) return;
    if (this.#stream === undefined) {
      this.#stream = createWriteStream(this.#path);
      this.#stream.on('error', ({ message }) => (this.#unwritten = message));
      this.#stream.write(REJECTED_HEADER);
    }
    this.#stream.write(rejectedRow(line));
  }

  async end(): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}

/** @throws when `path` is no file that can be written */
async function refuseUnwritable(path: string): Promise<void> {
  try {
    const there = await stat(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there?.isDirectory() === true) throw new Error('it is a folder');
    await access(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`--report: the refused lines cannot be written to ${path}: ${reason}`, { cause: error });
  }
}

/** More new names than this in one list are more likely shifted lines than real changes. */
const RENAMED_MAX = 20;

/** @throws when the file is a list that would give many instruments another name */
async function refuseRenaming(file: string, options: ImportOptions): Promise<void> {
  if (kindOf(await peek(file, options.encoding), options.timeframe).kind !== 'symbols') return;
  const { answer } = await importFile(file, { ...options, dryRun: true });
  const renamed = answer.warnings?.find(({ kind }) => kind === 'renamed');
  if (renamed === undefined || renamed.count <= RENAMED_MAX) return;
  const lines = renamed.lines.slice(0, 5).join(', ');
  throw new Error(
    `the list would give ${renamed.count} instruments another name (lines ${lines} …), and nothing of it is stored; if that is right, say --yes`,
  );
}

const OPTIONS = {
  timeframe: { type: 'string' },
  encoding: { type: 'string' },
  format: { type: 'string' },
  stamps: { type: 'string' },
  symbol: { type: 'string' },
  url: { type: 'string' },
  report: { type: 'string' },
  register: { type: 'boolean', default: true },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: OPTIONS,
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length !== 1) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 1;
  }
  if (values.report !== undefined) await refuseUnwritable(resolve(values.report));
  const plan = readPlan();
  const url = values.url ?? process.env['MYSTOCKS_URL'] ?? plan.gatewayUrl;
  const token = await administratorToken({ ...plan, gatewayUrl: url });
  if (await isCalendar(file, values.encoding)) {
    if (values['dry-run'])
      throw new Error('--dry-run is for bars, instruments and factors, not for a list of trading days');
    process.stdout.write(`${await importCalendar(file, { url, token })}\n`);
    return 0;
  }
  const bar = progressBar(basename(file));
  const rejected = new RejectedFile(resolve(values.report ?? `${basename(file)}.rejected.csv`));
  const startedAt = performance.now();
  const options = {
    url,
    token,
    timeframe: values.timeframe,
    encoding: values.encoding,
    format: values.format,
    stamps: values.stamps,
    symbol: values.symbol,
    register: values.register,
    dryRun: values['dry-run'],
  };
  if (!values.yes && !options.dryRun) await refuseRenaming(file, options);
  const { answer, cutOff } = await importFile(file, {
    ...options,
    progress: bar.show,
    refused: (line) => {
      rejected.add(line);
    },
  }).finally(async () => {
    bar.end();
    await rejected.end();
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(`${reportOf(answer, seconds, rejected)}\n`);
  if (cutOff !== undefined) {
    throw new Error(
      `the file cannot be read to its end (${cutOff.message}): ${answer.summary.succeeded} lines before that place are ${options.dryRun ? 'good' : 'stored'}`,
    );
  }
  if (rejected.unwritten !== undefined) return 1;
  return answer.summary.failed > 0 ? 2 : 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`npm run import: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
