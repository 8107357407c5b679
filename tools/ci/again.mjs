// What `.ci/run` does after a failed `npm test`: runs the failed files once more, each alone, if the machine stood still
// while each of them ran, and says so. Any other failure stands.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HELD_UP } from '../jest-summary.mjs';
import { runLoudly } from '../setup/run.mjs';

const files = existsSync(HELD_UP) ? JSON.parse(readFileSync(HELD_UP, 'utf8')) : [];
rmSync(HELD_UP, { force: true });
if (files.length === 0) process.exit(1);
console.log(`The machine stood still while these failed; each is run once more, alone:\n  ${files.join('\n  ')}`);
const jest = join(import.meta.dirname, '../../node_modules/jest/bin/jest.js');
const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
try {
  await runLoudly(process.execPath, [...options, jest, '--runInBand', '--runTestsByPath', ...files]);
} catch {
  process.exit(1);
}
