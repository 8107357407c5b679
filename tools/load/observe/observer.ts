import { createReadStream, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { growth, readCounters, type Counters } from './counters.ts';
import type { LoadedSystem } from '../loaded-system.ts';
import { OpenConnections } from './open-connections.ts';
import { Watch, type ServerPeak } from './watch.ts';

/** What was seen from outside while the engine drove. */
export interface Observed {
  readonly peaks: readonly ServerPeak[];
  readonly samples: number;
  /** Growth of the pools' own counters. */
  readonly counters: Counters;
  /** Lines in which a server or a service says that connections ran out. */
  readonly exhausted: readonly string[];
  /** Open connections of the gateway, one number a second; empty where the system does not say. */
  readonly connections: readonly number[];
  /** Processor cores the engine took for itself; undefined where the system does not say. */
  readonly engineCores: number | undefined;
}

const PROGRESS_EVERY_MS = 5_000;
// What PostgreSQL says to one client too many, and its code.
const EXHAUSTED = /too many clients|remaining connection slots|"53300"|too many connections for role/;
const LINES_SHOWN = 3;

/** Looks at connections, counters and logs beside one run. */
export class Observer {
  readonly #system: LoadedSystem;
  readonly #say: (line: string) => void;
  readonly #watch: Watch;
  readonly #connections: OpenConnections;
  readonly #startedAt = performance.now();
  #before: Counters | undefined;
  #timer: NodeJS.Timeout | undefined;
  #enginePid: number | undefined;
  #engineCores: number | undefined;

  constructor(system: LoadedSystem, say: (line: string) => void) {
    this.#system = system;
    this.#say = say;
    this.#watch = new Watch(system.databases);
    this.#connections = new OpenConnections(system.url);
  }

  async start(): Promise<void> {
    this.#before = await readCounters(this.#system);
    await this.#watch.start();
    this.#connections.start();
    let last = this.#before;
    this.#timer = setInterval(() => {
      this.#measureEngine();
      readCounters(this.#system)
        .then((now) => {
          this.#say(this.#progress(last, now));
          last = now;
        })
        .catch((error: unknown) => {
          this.#say(`  no figures: ${String(error)}`);
        });
    }, PROGRESS_EVERY_MS);
  }

  engineIs(pid: number | undefined): void {
    this.#enginePid = pid;
  }

  async stop(): Promise<Observed> {
    clearInterval(this.#timer);
    this.#connections.stop();
    await this.#watch.stop();
    const after = await readCounters(this.#system);
    const before = this.#before ?? after;
    return {
      peaks: this.#watch.peaks,
      samples: this.#watch.samples,
      counters: growth(before, after),
      connections: this.#connections.looks,
      exhausted: await exhaustedLines(this.#system.logs),
      engineCores: this.#engineCores,
    };
  }

  #progress(last: Counters, now: Counters): string {
    const step = growth(last, now);
    const elapsed = Math.round(this.#elapsedS());
    const rate = Math.round(step.answers / (PROGRESS_EVERY_MS / 1_000));
    const connections = this.#watch.peaks.map(({ name, peak, budget }) => `${name} ${peak}/${budget}`).join(', ');
    return `  ${String(elapsed).padStart(3)} s  ${rate.toLocaleString('en').padStart(6)} answers/s, ${step.refused} refused, ${step.failed} failed; connections so far: ${connections}`;
  }

  #measureEngine(): void {
    const ticks = cpuTicks(this.#enginePid);
    if (ticks !== undefined) this.#engineCores = ticks / TICKS_A_SECOND / this.#elapsedS();
  }

  #elapsedS(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }
}

const TICKS_A_SECOND = 100;

function cpuTicks(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    // Fields 14 and 15, counted behind the command's closing bracket: user and system time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}

async function exhaustedLines(logs: string): Promise<string[]> {
  const found: string[] = [];
  for (const file of await readdir(logs))
    for await (const line of createInterface({ input: createReadStream(join(logs, file)) }))
      if (found.length < LINES_SHOWN && EXHAUSTED.test(line)) found.push(`${file}: ${line.slice(0, 200)}`);
  return found;
}
