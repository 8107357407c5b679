import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importFile } from './import/send.ts';
import { dailyCsv, instrumentsCsv, minuteCsv } from './sample/csv.ts';
import { readPackage } from './sample/package.ts';
import { administratorToken } from './stack/administrator.ts';
import { readPlan } from './stack/plan.ts';

// Loads sample data into a running stack, once. Its last line says what happened; exit code 3: there is no sample data.
const plan = readPlan();
const gatewayUrl = process.env['MYSTOCKS_URL'] ?? plan.gatewayUrl;
const folder = join(plan.directory, 'sample');
const marker = join(folder, 'loaded');

async function load(): Promise<string> {
  if (existsSync(marker)) return 'already loaded';
  const startedAt = performance.now();
  const { daily, minute, names } = await readPackage(join(plan.directory, 'cache'), folder);
  const files: [string, string][] = [
    ['symbols.csv', instrumentsCsv(names)],
    ['daily.csv', dailyCsv(daily)],
    ['minute.csv', minuteCsv(minute)],
  ];
  mkdirSync(folder, { recursive: true });
  const token = await administratorToken({ ...plan, gatewayUrl });
  const stored: number[] = [];
  let refused = 0;
  for (const [name, text] of files) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { answer } = await importFile(file, { url: gatewayUrl, token });
    stored.push(answer.summary.succeeded);
    refused += answer.summary.failed;
  }
  const [symbols = 0, days = 0, minutes = 0] = stored.map(Number);
  if (days + minutes === 0) throw new Error('the gateway refused every bar');
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const count = (value: number): string => value.toLocaleString('en-US');
  const done = `${count(symbols)} names, ${count(days)} daily and ${count(minutes)} one-minute bars (600000.SH 000001.SZ 000151.SZ, 5 indexes), ${count(refused)} lines refused, ${seconds} s`;
  writeFileSync(marker, `${done}\n`);
  return done;
}

try {
  process.stdout.write(`${await load()}\n`);
} catch (error) {
  process.stderr.write(`no sample data: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
