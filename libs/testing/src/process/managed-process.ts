import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { guard } from './guard.js';
import { ProcessOutput } from './process-output.js';
import { killGroup, signalTree } from './process-tree.js';
import { waitFor } from './wait-for.js';

/** Everything needed to start a program, and to start it again. */
export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Run as another user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Output goes to this file instead of memory. */
  readonly logFile?: string | undefined;
  /** Answers (or throws "not yet") until the program is really there. */
  readonly ready: (pid: number) => unknown;
  /** Default 10 s. */
  readonly startTimeoutMs?: number;
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** After this a SIGKILL follows the stop signal; default 10 s. */
  readonly stopTimeoutMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const OUTPUT_SHOWN = 3_000;

/** A child process with everything under it: started when it answers, stopped when nothing of it is left. */
export class ManagedProcess {
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  readonly #output: ProcessOutput;
  readonly #listeners: ((exit: Exit) => void)[] = [];

  constructor(readonly launch: Launch) {
    this.#output = new ProcessOutput(launch.logFile);
  }

  /** The number of the running process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The last 256 KiB of what it printed since it was started. */
  output(): string {
    return this.#output.text();
  }

  /** Called whenever it ends, asked or not. */
  onExit(listener: (exit: Exit) => void): void {
    this.#listeners.push(listener);
  }

  /** Starts it and waits until it answers; what it printed is in the error when it does not. */
  async start(): Promise<void> {
    const { name, startTimeoutMs = 10_000 } = this.launch;
    const child = this.#spawn();
    const gone = this.#exit.then(({ code, signal }) => {
      throw new Error(`${name} ended with ${String(code ?? signal)}`);
    });
    const ready = waitFor(
      async () => {
        if (this.#child !== child || child.pid === undefined) return 'gone';
        await this.launch.ready(child.pid);
        return 'ready';
      },
      { timeoutMs: startTimeoutMs, what: `${name} to answer` },
    );
    try {
      await Promise.race([ready, gone]);
      // Our own server may have lost the port to the one that answered: then it is about to end.
      await Promise.race([gone, new Promise((resolve) => setImmediate(resolve))]);
    } catch (error) {
      await this.kill();
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot start ${name}: ${why}\n${this.output().slice(-OUTPUT_SHOWN)}`, { cause: error });
    } finally {
      gone.catch(() => undefined);
      ready.catch(() => undefined);
    }
  }

  /** Asks it to end and waits; kills it when it does not obey. */
  async stop(): Promise<Exit> {
    if (this.#child?.pid === undefined) return this.#exit;
    this.resume();
    this.#child.kill(this.launch.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => void this.kill(), this.launch.stopTimeoutMs ?? 10_000);
    return this.#exit.finally(() => clearTimeout(timer));
  }

  /** SIGKILL to it and everything under it. `restart()` brings it back. */
  async kill(): Promise<Exit> {
    if (this.#child?.pid !== undefined) signalTree(this.#child.pid, 'SIGKILL');
    const alive = setInterval(() => undefined, 1_000);
    return this.#exit.finally(() => clearInterval(alive));
  }

  /** Stops it if it runs, and starts it again with the same data on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Freezes it: connections stay open, nothing is answered. */
  pause(): void {
    if (this.#child?.pid !== undefined) signalTree(this.#child.pid, 'SIGSTOP');
  }

  resume(): void {
    if (this.#child?.pid !== undefined) signalTree(this.#child.pid, 'SIGCONT');
  }

  #spawn(): ChildProcess {
    const { command, args, env, cwd, user } = this.launch;
    if (this.#child !== undefined) throw new Error(`${this.launch.name} runs already`);
    const log = this.#output.begin();
    const child = spawn(command, args, {
      env: { ...env },
      ...(cwd !== undefined && { cwd }),
      ...user,
      stdio: ['ignore', log ?? 'pipe', log ?? 'pipe'],
      // A group of its own: Ctrl-C in the terminal reaches the owner, which then stops things in order.
      detached: true,
    });
    if (log !== undefined) closeSync(log);
    this.#child = child;
    this.#follow(child);
    return child;
  }

  #follow(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) this.#output.follow(stream);
    child.unref();
    const { pid } = child;
    if (pid !== undefined) guard.owns(pid);
    this.#exit = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        if (pid !== undefined) guard.reaped(pid);
        this.#child = undefined;
        resolve(exit);
        for (const listener of this.#listeners) listener(exit);
      };
      child.once('error', (error) => {
        if (pid !== undefined) return;
        this.#output.add(String(error));
        end({ code: 127, signal: null });
      });
      // Before 'close', which waits until no process holds its output any more.
      child.once('exit', () => {
        if (pid !== undefined) killGroup(pid);
      });
      child.once('close', (code, signal) => {
        if (this.#child === child) end({ code, signal });
      });
    });
  }
}
