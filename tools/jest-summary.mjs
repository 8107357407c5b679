import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StallWatch, toRunAgain } from './ci/stalls.ts';

/** Where the failed files stand that are worth running again (tools/ci/again.mjs). */
export const HELD_UP = join(import.meta.dirname, '../node_modules/.held-up-tests.json');

/**
 * Prints the one plain line that continuous integration reads: how many tests passed, failed and were skipped. Notes
 * which failures may be the machine's, which stood still meanwhile.
 */
export default class Summary {
  #watch;

  onRunStart() {
    rmSync(HELD_UP, { force: true });
    this.#watch = new StallWatch();
  }

  async onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults } = results;
    const stalls = this.#watch?.seen ?? [];
    await this.#watch?.stop();
    const failed = testResults
      .filter(({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError !== undefined)
      .map(({ testFilePath: path, perfStats: { start, end } }) => ({ path, fromMs: start, toMs: end }));
    const again = toRunAgain(failed, stalls);
    if (again.length > 0) writeFileSync(HELD_UP, JSON.stringify(again));
    for (const { fromMs, toMs } of stalls)
      process.stdout.write(`The machine stood still for ${toMs - fromMs} ms at ${new Date(fromMs).toISOString()}\n`);
    const total = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`${numPassedTests} passed, ${total} failed${skipped}\n`);
  }
}
