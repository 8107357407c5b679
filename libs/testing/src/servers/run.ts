import { spawn } from 'node:child_process';

/** Runs a program to its end and gives what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly user?: { uid: number; gid: number } | undefined } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options.user,
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${String(code)}: ${output.slice(-2_000)}`));
    });
  });
}
