// Compiles every package's src/ to dist/ with swc (types are checked by `npm run typecheck`).
// Only changed files are compiled; files whose source is gone are removed.
import { transformFile } from '@swc/core';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const options = {
  swcrc: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};
const isTest = (file) => /\.(spec|e2e-spec|system-spec|conformance)\.ts$/.test(file);
const filesIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

/** conformance suites of libs/testing's users are tests; everything else under src/ is product. */
async function buildPackage(root) {
  const sources = filesIn(join(root, 'src')).filter((file) => file.endsWith('.ts') && !isTest(file));
  const wanted = new Set();
  let compiled = 0;
  for (const source of sources) {
    const target = source.replace(join(root, 'src'), join(root, 'dist')).replace(/\.ts$/, '.js');
    wanted.add(target).add(`${target}.map`);
    if (existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs) continue;
    const { code, map } = await transformFile(source, options);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.map`, map);
    writeFileSync(target, `${code}\n//# sourceMappingURL=${target.split('/').pop()}.map\n`);
    compiled += 1;
  }
  for (const file of filesIn(join(root, 'dist'))) if (!wanted.has(file)) rmSync(file);
  return compiled;
}

const started = Date.now();
const roots = ['libs', 'apps'].flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
const counts = await Promise.all(roots.map(buildPackage));
const total = counts.reduce((sum, count) => sum + count, 0);
if (total > 0) process.stdout.write(`built ${total} files in ${Date.now() - started} ms\n`);
