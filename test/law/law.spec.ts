import { describe, expect, it, beforeAll, afterAll } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A system that breaks each law once. */
const broken: Readonly<Record<string, string>> = {
  'apps/auth/src/main.ts': "import '../../cache/src/main.js';\nimport './users.repository.js';\n",
  'apps/cache/src/main.ts': 'export const cache = 1;\n',
  'apps/auth/src/users.handler.ts': "import { find } from './users.repository.js';\nexport const handle = find;\n",
  'apps/auth/src/users.repository.ts':
    "import pg from 'pg';\nimport { rule } from './users.service.js';\nexport const find = [pg, rule];\n",
  'apps/auth/src/users.service.ts':
    "import { Redis } from 'ioredis';\nimport { Client } from 'undici';\nimport { deep } from '../../../libs/bus/src/deep.js';\nexport const rule = [Redis, Client, deep];\n",
  'apps/auth/src/one/a.ts': "import { d } from '../two/d.js';\nexport const a: unknown = d;\n",
  'apps/auth/src/one/b.ts': 'export const b = 1;\n',
  'apps/auth/src/two/c.ts': "export { b as c } from '../one/b.js';\n",
  'apps/auth/src/two/d.ts': 'export const d = 1;\n',
  'libs/bus/src/index.ts': "export { deep } from './deep.js';\n",
  'libs/bus/src/deep.ts': "export { suite as deep } from './bus.conformance.js';\n",
  'libs/bus/src/bus.conformance.ts': 'export const suite = 1;\n',
  'libs/kernel/src/index.ts': "export * from '../../bus/src/index.js';\nexport * from './a.js';\n",
  'libs/kernel/src/a.ts': "import { b } from './b.js';\nexport const a: unknown = b;\n",
  'libs/kernel/src/b.ts': "import { a } from './a.js';\nexport const b: unknown = a;\n",
  'libs/kernel/src/alone.ts': 'export const alone = 1;\n',
  'libs/secrets/src/index.ts':
    "export * from '../../testing/src/index.js';\nexport * from '../../../apps/cache/src/main.js';\n",
  'libs/testing/src/index.ts': 'export const server = 1;\n',
};

let system: string;
beforeAll(() => {
  system = mkdtempSync(join(tmpdir(), 'law-'));
  for (const [file, text] of Object.entries(broken)) {
    mkdirSync(dirname(join(system, file)), { recursive: true });
    writeFileSync(join(system, file), text);
  }
  writeFileSync(
    join(system, 'tsconfig.json'),
    '{"compilerOptions":{"module":"nodenext","moduleResolution":"nodenext"}}',
  );
  writeFileSync(join(system, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(system, 'node_modules'));
});
afterAll(() => {
  rmSync(system, { recursive: true });
});

/** The names of the rules that the planted system breaks. */
async function brokenRules(configuration: string, ...options: readonly string[]): Promise<string[]> {
  const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const words = [tool, 'apps', 'libs', '--config', join(root, configuration), '--output-type', 'json', ...options];
  const printed = await run(process.execPath, words, { cwd: system, maxBuffer: 1e8 }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  const report = JSON.parse(printed) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(report.summary.violations.map(({ rule }) => rule.name))].sort();
}

describe('the rules of dependencies', () => {
  it('reports every rule that is broken', async () => {
    expect(await brokenRules('.dependency-cruiser.cjs')).toEqual(
      [
        'app-imports-app',
        'deep-import',
        'layer-0-kernel',
        'handler-skips-service',
        'lib-imports-app',
        'no-cycles',
        'no-orphans',
        'only-in-one-place-postgres',
        'only-in-one-place-redis',
        'only-in-one-place-tdengine',
        'repository-imports-back',
        'suites-are-for-specs',
        'testing-is-for-tests',
      ].sort(),
    );
  });

  it('reports two folders that need each other although no two files do', async () => {
    expect(await brokenRules('.dependency-cruiser-folders.mjs', '--metrics')).toEqual(['no-folder-cycles']);
  });

  it('finds a dead export', async () => {
    const home = mkdtempSync(join(tmpdir(), 'dead-'));
    mkdirSync(join(home, 'src'));
    writeFileSync(join(home, 'package.json'), '{"name":"planted","type":"module"}');
    writeFileSync(join(home, 'knip.json'), '{"entry":["src/main.ts"],"project":["src/**/*.ts"]}');
    writeFileSync(join(home, 'src/main.ts'), "import { used } from './parts.ts';\nexport default used;\n");
    writeFileSync(join(home, 'src/parts.ts'), 'export const used = 1;\nexport const dead = 2;\n');
    const knip = join(root, 'node_modules/knip/bin/knip.js');
    const found = run(process.execPath, [knip, '--no-progress'], { cwd: home });
    await expect(found).rejects.toMatchObject({ stdout: expect.stringContaining('dead') });
    rmSync(home, { recursive: true });
  });
});
