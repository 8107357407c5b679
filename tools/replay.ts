import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pause, ReplayFeed, type Credentials, type Outcome } from './replay/feed.ts';
import { dueMs, Stamper, type Pace } from './replay/pace.ts';
import { readTicks, type Tick } from './replay/ticks.ts';
import { readPlan } from './stack/plan.ts';

const usage = `npm run replay -- TICKS.csv[.gz] [--speed N] [--now] [--url http://127.0.0.1:3000] [--admin .stack/admin.json]
  --speed N   N times the recorded pace (default 1); 0 = as fast as possible
  --now       stamp quotes with the present and mark them simulated; without it they keep their recorded time`;
const BATCH_MAX = 500;
/** Quotes due within this go out together. */
const TOGETHER_MS = 20;
/** A line that moves on a terminal; elsewhere a line every few seconds. */
const PROGRESS_MS = process.stderr.isTTY ? 500 : 3_000;

interface Settings {
  readonly file: string;
  readonly speed: number;
  readonly now: boolean;
  readonly url: string;
  readonly admin: string;
}

function settingsFrom(args: string[]): Settings | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      speed: { type: 'string', default: '1' },
      now: { type: 'boolean', default: false },
      url: { type: 'string', default: readPlan().gatewayUrl },
      admin: { type: 'string', default: '.stack/admin.json' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const [file] = positionals;
  const speed = Number(values.speed);
  if (file === undefined || positionals.length > 1) throw new Error(`one tick file is needed\n${usage}`);
  if (!Number.isFinite(speed) || speed < 0) throw new Error(`--speed must be a number from 0\n${usage}`);
  if (!URL.canParse(values.url)) throw new Error(`--url must be an address such as http://127.0.0.1:3000\n${usage}`);
  return { file, speed, now: values.now, url: values.url, admin: values.admin };
}

function credentialsIn(path: string): Credentials {
  try {
    const { username, password } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Credentials>;
    if (username !== undefined && password !== undefined) return { username, password };
  } catch (error) {
    throw new Error(`cannot read the administrator in ${path}; npm start writes it`, { cause: error });
  }
  throw new Error(`${path} holds no username and password`);
}

/** Sends the ticks at their pace; `total` is added to as it goes, so that an interruption still has its figures. */
async function replay(
  ticks: readonly Tick[],
  feed: ReplayFeed,
  pace: Pace,
  { total, signal }: { readonly total: Outcome; readonly signal: AbortSignal },
): Promise<void> {
  const [first] = ticks;
  const last = ticks.at(-1);
  if (first === undefined || last === undefined) return;
  const stamper = new Stamper({ first, last }, pace);
  let shownMs = 0;
  for (let next = 0; next < ticks.length;) {
    const waitMs = dueMs(ticks[next] ?? last, first, pace) - Date.now();
    if (waitMs > 0) await pause(waitMs, signal);
    const batch: Tick[] = [];
    for (let tick = ticks[next]; tick !== undefined && batch.length < BATCH_MAX; tick = ticks[next]) {
      if (dueMs(tick, first, pace) > Date.now() + TOGETHER_MS) break;
      batch.push(tick);
      next += 1;
    }
    add(total, await feed.send(batch.map((tick) => stamper.quoteOf(tick))));
    if (Date.now() - shownMs > PROGRESS_MS || next === ticks.length) {
      shownMs = Date.now();
      show(next, ticks.length, batch.at(-1)?.quote.t ?? '', pace);
    }
  }
}

function add(total: Outcome, one: Outcome): void {
  total.stored += one.stored;
  total.unchanged += one.unchanged;
  total.older += one.older;
  total.refused += one.refused;
  if (one.reason !== undefined) total.reason ??= one.reason;
}

function show(sent: number, all: number, t: string, { startMs }: Pace): void {
  const perSecond = Math.round((sent * 1_000) / Math.max(1, Date.now() - startMs));
  const end = process.stderr.isTTY ? '\r' : '\n';
  process.stderr.write(`${Math.floor((sent * 100) / all)} %  ${sent} of ${all}  ${t}  ${perSecond} quotes/s   ${end}`);
}

async function main(): Promise<void> {
  const settings = settingsFrom(process.argv.slice(2));
  if (settings === undefined) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const stopper = new AbortController();
  process.once('SIGINT', () => {
    stopper.abort(new Error('interrupted'));
  });
  const ticks = await readTicks(settings.file);
  const feed = new ReplayFeed(settings.url, credentialsIn(settings.admin), stopper.signal);
  const total: Outcome = { stored: 0, unchanged: 0, older: 0, refused: 0 };
  const pace: Pace = { speed: settings.speed, now: settings.now, startMs: Date.now() };
  try {
    await replay(ticks, feed, pace, { total, signal: stopper.signal });
  } finally {
    const sent = total.stored + total.unchanged + total.older + total.refused;
    const seconds = ((Date.now() - pace.startMs) / 1_000).toFixed(1);
    process.stdout.write(
      `\nsent ${sent} of ${ticks.length} in ${seconds} s: ${total.stored} stored, ${total.unchanged} known already, ${total.older} older than what is held, ${total.refused} refused\n`,
    );
    if (total.reason !== undefined) process.stdout.write(`first refusal: ${total.reason}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`npm run replay: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
