import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { rejectedCsv, reportOf } from './import-report.ts';
import { importFile } from './import-send.ts';
import { administratorToken } from './stack/administrator.ts';
import { readPlan } from './stack/plan.ts';

const usage = `npm run import -- FILE.csv[.gz] [--timeframe 15Min] [--no-register] [--report FILE] [--url http://127.0.0.1:3000]

Stores bars or instruments of a CSV file (plain or gzip) in a running stack. Which of the two, and the timeframe of
minute bars, is read from the file. Exit code: 0 all stored, 2 some lines refused, 1 failed.`;

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

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      timeframe: { type: 'string' },
      url: { type: 'string' },
      report: { type: 'string' },
      register: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length !== 1) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 1;
  }
  const plan = readPlan();
  const url = values.url ?? process.env['MYSTOCKS_URL'] ?? plan.gatewayUrl;
  const token = await administratorToken({ ...plan, gatewayUrl: url });
  const bar = progressBar(basename(file));
  const startedAt = performance.now();
  const answer = await importFile(file, {
    url,
    token,
    timeframe: values.timeframe,
    register: values.register,
    progress: bar.show,
  }).finally(bar.end);
  const seconds = (performance.now() - startedAt) / 1_000;
  const refused = answer.summary.failed > 0;
  const report = refused ? resolve(values.report ?? `${basename(file)}.rejected.csv`) : undefined;
  if (report !== undefined) writeFileSync(report, rejectedCsv(answer));
  process.stdout.write(`${reportOf(answer, seconds, report)}\n`);
  return refused ? 2 : 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`npm run import: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
