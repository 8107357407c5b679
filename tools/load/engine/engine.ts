import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Figures } from '../figures.ts';
import type { Drive } from '../scenario.ts';

export type Engine = Figures['engine'];

/** k6's own code for "a threshold was crossed": the figures say which. */
const THRESHOLDS_CROSSED = 99;
const OUTPUT_KEPT = 3_000;
const root = resolve(import.meta.dirname, '../../..');

export const haveK6 = (): boolean => spawnSync('k6', ['version'], { stdio: 'ignore' }).status === 0;

export interface Task {
  readonly engine: Engine;
  readonly scenario: string;
  readonly drive: Drive;
  readonly url: string;
  /** File of the world (load/mixes.ts). */
  readonly world: string;
  /** Where the engine may leave its figures. */
  readonly directory: string;
  readonly started: (engine: ChildProcess) => void;
}

const howHard = (drive: Drive): NodeJS.ProcessEnv =>
  'rate' in drive
    ? { RATE: String(Math.round(drive.rate)) }
    : {
        CALLERS: String(drive.callers),
        ...(drive.everyMs !== undefined && { EVERY_MS: String(drive.everyMs) }),
      };

/** Drives the system once; the engine is a process of its own. */
export async function runEngine({ engine, scenario, drive, url, world, directory, started }: Task): Promise<Figures> {
  const summary = join(directory, 'figures.json');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...{ URL: url, WORLD: world, SUMMARY: summary, MIX: scenario, SECONDS: String(drive.seconds) },
    ...howHard(drive),
  };
  const [command, args] =
    engine === 'k6'
      ? ['k6', ['run', '--quiet', '--no-usage-report', '--no-color', join(root, 'load', `${scenario}.js`)]]
      : [process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'tools/load/engine/cannon.ts')]];
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
  }
  started(child);
  const [code] = (await once(child, 'close')) as [number | null];
  process.removeListener('exit', stop);
  if (code !== 0 && code !== THRESHOLDS_CROSSED) throw new Error(`${engine} ended with ${String(code)}:\n${output}`);
  return JSON.parse(readFileSync(summary, 'utf8')) as Figures;
}
