import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { recordedData } from '@mystocks/testing';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(recordedData);

/** The real market data beside the checkout; absent on a user's clone. */
export const haveRealData = existsSync(folder);

export function realFile(name: string): string {
  const bytes = readFileSync(join(folder, name));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

export type Row = Readonly<Record<string, string>>;

/** Rows of a real file as objects keyed by its header (no quoted cells in these files). */
export function rowsOf(csv: string): Row[] {
  const [header = '', ...lines] = csv.trimEnd().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}
