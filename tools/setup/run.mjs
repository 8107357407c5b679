import { spawn } from 'node:child_process';

const HEARTBEAT_MS = 10_000;

/** Runs a program with its output shown. Throws when it fails. */
export function runLoudly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
    });
  });
}

/** Runs a program silently, with a line every 10 s; its output is in the error when it fails. */
export function runQuietly(command, args, { say, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const startedMs = Date.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const heartbeat = setInterval(() => say?.(`… ${Math.round((Date.now() - startedMs) / 1000)} s`), HEARTBEAT_MS);
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    const end = (error) => {
      clearInterval(heartbeat);
      if (error) reject(error);
      else resolve(output);
    };
    child.once('error', end);
    child.once('close', (code) =>
      end(
        code === 0 ? undefined : new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output.slice(-2_000)}`),
      ),
    );
  });
}
