import { fork, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One piece of bcrypt work. */
export type HashJob =
  | { readonly kind: 'hash'; readonly text: string; readonly cost: number }
  | { readonly kind: 'compare'; readonly text: string; readonly stored: string };

export type HashAnswer = { readonly value: string | boolean } | { readonly error: string };

// TypeScript under test, JavaScript in a build.
const extension = extname(new URL(import.meta.url).pathname);
const PROGRAM = fileURLToPath(new URL(`./hash-program${extension}`, import.meta.url));

/**
 * Runs bcrypt in `count` processes of low priority, one job at a time in each. On libuv's threads two hashes would take
 * two processors at the priority of reads, and every read on the same machine would wait for them.
 */
export class HashProcesses {
  readonly #free: (ChildProcess | undefined)[];
  readonly #waiting: ((child: ChildProcess | undefined) => void)[] = [];

  /** Processes are started when they are first needed, and again when they have ended. */
  constructor(readonly count: number) {
    this.#free = Array.from({ length: count }, () => undefined);
  }

  /**
   * Does `job`, once more in another process when the first one was killed.
   * @throws {Error} when bcrypt refuses the job, or the second process ends too
   */
  async run(job: HashJob): Promise<string | boolean> {
    const free = this.#free.length > 0 ? this.#free.pop() : await this.#nextFree();
    let child = isAlive(free) ? free : start();
    try {
      let answer = await answerOf(child, job);
      if (answer === undefined) {
        child = start();
        answer = await answerOf(child, job);
      }
      if (answer === undefined) throw new Error('two hash processes ended before they answered');
      if ('error' in answer) throw new Error(`bcrypt refused its input: ${answer.error}`);
      return answer.value;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(child);
      else next(child);
    }
  }

  /** Ends the processes; called when nothing is under way any more. */
  onModuleDestroy(): void {
    for (const child of this.#free) if (isAlive(child)) child.disconnect();
  }

  #nextFree(): Promise<ChildProcess | undefined> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const isAlive = (child: ChildProcess | undefined): child is ChildProcess =>
  child?.connected === true && child.exitCode === null && child.signalCode === null;

function start(): ChildProcess {
  // The environment holds secrets that a hash does not need.
  const child = fork(PROGRAM, [], { execArgv: [], env: {} });
  // Without a listener the event would end this service. The next job notices that the process is not alive.
  child.on('error', () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}

/** Undefined when the process ends before it has answered. */
function answerOf(child: ChildProcess, job: HashJob): Promise<HashAnswer | undefined> {
  return new Promise((resolve) => {
    const settle = (answer?: HashAnswer): void => {
      child.off('message', onMessage).off('exit', onEnd).off('error', onEnd);
      resolve(answer);
    };
    const onMessage = (answer: unknown): void => {
      settle(answer as HashAnswer);
    };
    const onEnd = (): void => {
      settle();
    };
    child.on('message', onMessage).on('exit', onEnd).on('error', onEnd);
    child.send(job, (error) => {
      if (error !== null) onEnd();
    });
  });
}
