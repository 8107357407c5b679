// `npm run bench [-- NAME …]`: every bench, or those named. Each figure is a ratio against a peer in the same run:
// machines are noisy, so the absolute numbers beside it say nothing about another machine.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import type { BenchRow } from './bench-row.ts';

const suffix = '.bench.ts';
const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(1);
}

const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

console.log(`node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}\n`);
for (const name of wanted.length > 0 ? wanted : all) {
  const { bench } = (await import(`./${name}${suffix}`)) as { bench: () => Promise<BenchRow[]> };
  for (const row of await bench()) {
    console.log(`${row.name}\n  ${row.ratio.toFixed(2)} × ${row.peer}   (target ${row.target})`);
    console.log(
      `  ours ${figure(row.ours)}, peer ${figure(row.theirs)} ${row.unit}${row.note === undefined ? '' : `; ${row.note}`}\n`,
    );
  }
}
process.exit(0);
