import { fileURLToPath } from 'node:url';
import type { ManagedProcess } from '../process/managed-process.js';
import { removeDirectory } from '../process/temporary-directory.js';

/** What every started server can do. */
export interface Server {
  readonly port: number;
  readonly process: ManagedProcess;
  /** What it printed last. */
  output(): string;
  /** SIGKILL; the data stays, `restart()` brings it back on the same port. */
  kill(): Promise<void>;
  /** Stops it if it runs and starts it again: same port, same data. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers, until `resume()`. */
  pause(): void;
  resume(): void;
  /** Stops it for good; a temporary data directory is removed. */
  stop(): Promise<void>;
}

/** Where and how a server starts; tests leave everything out. */
export interface Place {
  /** Default: a free loopback port. */
  readonly port?: number;
  /** Where it keeps its data. Default: a temporary directory that `stop()` removes. */
  readonly directory?: string;
  readonly logFile?: string;
}

/** The common face of a server over its process. */
export function serverOf(port: number, process: ManagedProcess, temporary?: string): Server {
  return {
    port,
    process,
    output: () => process.output(),
    kill: async () => void (await process.kill()),
    restart: () => process.restart(),
    pause: () => process.pause(),
    resume: () => process.resume(),
    stop: async () => {
      await process.stop();
      if (temporary !== undefined) await removeDirectory(temporary);
    },
  };
}

/** A file of the repository, wherever this runs from (src or dist). */
export const inRepository = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
