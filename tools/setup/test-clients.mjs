// Runs before `npm test`: installs the packages of the Python client that test/system/rolling-gateway.spec.ts runs, each
// pinned by its hash. Where that is not possible it says so, and the test is left out with the reason in its title.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuietly } from './run.mjs';

const repository = process.env.MYSTOCKS_SETUP_REPOSITORY ?? fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => process.stdout.write(`setup: ${line}\n`);

const requirements = join(repository, 'test/system/keep-alive/requirements.txt');
const target = join(repository, 'node_modules/.mystocks-python');
const stamp = join(target, '.installed');
const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  rmSync(target, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries=1'];
  const options = ['--require-hashes', '--only-binary=:all:', '--target', target, '--requirement', requirements];
  try {
    await runQuietly('python3', [...pip, ...options], { say });
    writeFileSync(stamp, wanted);
  } catch (error) {
    say(`no Python packages for the tests (they are optional): ${error.message.trim().split('\n').pop()}`);
  }
}
