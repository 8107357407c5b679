// Runs before `npm start` and `npm test`, on whatever Node (>= 20) the machine has: brings the packages of the lock file
// and the native servers, when they are missing. Nothing missing: nothing printed, < 0.5 s.
import { fileURLToPath } from 'node:url';
import { setUpPackages } from './packages.mjs';
import { setUpServers } from './servers.mjs';

const repository = process.env.MYSTOCKS_SETUP_REPOSITORY ?? fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => process.stdout.write(`setup: ${line}\n`);

try {
  await setUpPackages(repository, say);
  await setUpServers(say);
} catch (error) {
  process.stderr.write(`setup: ${error.message}\n`);
  process.exitCode = 1;
}
