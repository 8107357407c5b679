// `npm run load [-- NAME …]`: load tests on a system of their own. What they write is made up, so they never touch a
// running stack.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { haveK6, type Engine } from './load/engine/engine.ts';
import { perform, type Wishes } from './load/perform.ts';
import type { Scenario } from './load/scenario.ts';

const suffix = '.load.ts';
const folder = resolve(import.meta.dirname, '../load');
const all = readdirSync(folder)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));

const usage = `npm run load [-- NAME …] [--callers N] [--seconds N] [--instances N] [--engine k6|autocannon]

Load tests: ${all.join(', ')} (default: all of them). Each starts the whole system on random loopback ports, drives it,
watches it from outside and says which promises were kept. --instances: copies of market-data. Exit code: 0 all kept, 1 one was broken.`;
const howToGetK6 = 'k6 is not on the PATH; `go install go.k6.io/k6@latest` brings it (Go 1.24 or newer)';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Wanted {
  readonly names: readonly string[];
  readonly engine: Engine | undefined;
  readonly wishes: Omit<Wishes, 'engine'>;
}

function readWishes(): Wanted {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      callers: { type: 'string' },
      seconds: { type: 'string' },
      instances: { type: 'string' },
      engine: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no such load test: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  const wishes = {
    callers: count('callers', values.callers),
    seconds: count('seconds', values.seconds),
    instances: count('instances', values.instances),
    say,
  };
  return { names: positionals.length > 0 ? positionals : all, engine: engineOf(values.engine), wishes };
}

function engineOf(wanted: string | undefined): Engine | undefined {
  if (wanted !== undefined && wanted !== 'k6' && wanted !== 'autocannon')
    throw new Error('--engine is k6 or autocannon');
  if (wanted === 'k6' && !haveK6()) throw new Error(howToGetK6);
  return wanted;
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw new Error(`--${name} must be a whole number from 1`);
  return value;
}

async function run(): Promise<number> {
  const { names, engine: asked, wishes } = readWishes();
  const usual = haveK6() ? 'k6' : 'autocannon';
  if (usual === 'autocannon') say(`${howToGetK6}; autocannon runs a reduced form meanwhile`);
  let broken = 0;
  for (const name of names) {
    const { scenario } = (await import(join(folder, `${name}${suffix}`))) as { scenario: Scenario };
    const engine = asked ?? scenario.prefers ?? usual;
    if (scenario.needsK6 && engine !== 'k6') {
      say(`${name}: left out, only k6 can drive it`);
      continue;
    }
    if (!(await perform(name, scenario, { ...wishes, engine }))) broken += 1;
  }
  return broken === 0 ? 0 : 1;
}

// What was started dies with this process, in any case (libs/testing, guard).
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`npm run load: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
