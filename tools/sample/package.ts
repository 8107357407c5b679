import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Series } from './csv.ts';

const run = promisify(execFile);

/** Apache-2.0. 24 MB packed, 134 MB unpacked: fetched once, a few files taken out, never a dependency. */
const NAME = 'hqchart@1.1.15808';
const FILE = 'hqchart-1.1.15808.tgz';
const SHA256 = 'ad89107f4053e03e63984dffc0e29d1adb501ecf4b2ffdcf03d57e01955caf5c';
const INSIDE = 'package/src/jscommon/umychart.testdata';
const FETCH_MAX_MS = 120_000;
const SYMBOLS = [
  '600000.sh',
  '000001.sz',
  '000151.sz',
  '000001.sh',
  '399001.sz',
  '000300.sh',
  '399005.sz',
  '399006.sz',
];

export interface SamplePackage {
  readonly daily: Series[];
  readonly minute: Series[];
  /** Source text of the stock list. */
  readonly names: string;
}

/** The sample data of the package, fetched into `cache` unless it is there; unpacked in `work`. */
export async function readPackage(cache: string, work: string): Promise<SamplePackage> {
  const tarball = await fetchPackage(cache);
  const daily = SYMBOLS.map((symbol) => `DayKLine/${symbol}.day.kline.json`);
  const minute = SYMBOLS.map((symbol) => `M1KLine/${symbol}.minute.kline.json`);
  const names = 'symbollist_shsz.js';
  mkdirSync(work, { recursive: true });
  const wanted = [...daily, ...minute, names].map((file) => `${INSIDE}/${file}`);
  await run('tar', ['-xzf', tarball, '-C', work, ...wanted]);
  const text = (file: string): string => readFileSync(join(work, INSIDE, file), 'utf8');
  const series = (file: string): Series => JSON.parse(text(file)) as Series;
  const read = { daily: daily.map(series), minute: minute.map(series), names: text(names) };
  rmSync(join(work, 'package'), { recursive: true, force: true });
  return read;
}

async function fetchPackage(cache: string): Promise<string> {
  const tarball = join(cache, FILE);
  mkdirSync(cache, { recursive: true });
  if (existsSync(tarball) && isWhole(tarball)) return tarball;
  await run('npm', ['pack', NAME, '--silent', '--ignore-scripts', '--pack-destination', cache], {
    timeout: FETCH_MAX_MS,
  }).catch((error: unknown) => {
    throw new Error(`${NAME} cannot be fetched (offline?)`, { cause: error });
  });
  if (isWhole(tarball)) return tarball;
  rmSync(tarball, { force: true });
  throw new Error(`${NAME} came with unexpected content`);
}

const isWhole = (file: string): boolean => createHash('sha256').update(readFileSync(file)).digest('hex') === SHA256;
