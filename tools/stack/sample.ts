import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from './plan.ts';
import type { Say } from './stack.ts';

const SAMPLE_MAX_MS = 300_000;

/** Loads the sample data through the gateway, as a client would. The system also works without sample data. */
export async function loadSample(plan: Plan, say: Say): Promise<void> {
  const script = join(plan.repository, 'tools', 'sample.ts');
  if (!existsSync(script)) return;
  const outcome = await new Promise<string>((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
      cwd: plan.repository,
      env: { ...process.env, MYSTOCKS_URL: plan.gatewayUrl, MYSTOCKS_STACK_DIR: plan.directory },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: SAMPLE_MAX_MS,
    });
    // A stack that is stopped meanwhile takes its loader along.
    process.once('exit', () => child.kill());
    let last = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        last = text.trim().split('\n').pop() ?? last;
      });
    }
    child.once('error', (error) => resolve(`skipped: ${error.message}`));
    child.once('close', (code) => resolve(code === 0 ? last : `skipped: ${last}`));
  });
  say(`sample data    ${outcome}`);
}
