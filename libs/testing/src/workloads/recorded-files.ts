import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/**
 * Recorded market files (`data`) and small real-life inputs (`cases`) are not part of this repository. MYSTOCKS_RECORDED
 * names the folder that has them; by default it is one beside the checkout. Tests and benches that need a file are
 * skipped where it is not there.
 */
const folder = process.env['MYSTOCKS_RECORDED'] ?? join(import.meta.dirname, '../../../../../shared');

export const recordedData = pathToFileURL(`${join(folder, 'data')}/`);
export const recordedCases = pathToFileURL(`${join(folder, 'cases')}/`);
