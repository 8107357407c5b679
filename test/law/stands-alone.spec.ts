import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
/** It says where files lie that are not part of the repository. */
const knowsOutside = ['libs/testing/src/workloads/recorded-files.ts', 'test/law/stands-alone.spec.ts'];
const OUTSIDE =
  /\.\.\/shared\b(?!-)|\/work\/|\b(?:features|security|reliability|performance|platform|style|language)\.md\b|\bSURFACE\b|\bDESIGN(?:\.md| §)|\bPRD\b/;

const notOurs = new Set(['node_modules', 'dist', '.git', '.stack', 'package-lock.json']);
const files = filesIn('.').filter((file) =>
  /\.(ts|mjs|cjs|js|md|yml|json|sql|sh|conf|example)$|Dockerfile$|\.ci\//.test(file),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the repository', () => {
  it('refers to no document or folder outside it', () => {
    const found = files
      .filter((file) => !knowsOutside.includes(file))
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, index) => (OUTSIDE.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(files.length).toBeGreaterThan(500);
    expect(found).toEqual([]);
  });

  it('the repository has no link to a page or heading that does not exist', () => {
    const broken = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\(((?!https?:)[^)\s#]*)(?:#([^)\s]+))?\)/g)]
          .filter(([, path = '', heading]) => {
            const target = path === '' ? file : join(dirname(file), path);
            if (!existsSync(join(root, target))) return true;
            return heading !== undefined && !headingsOf(read(target)).includes(heading);
          })
          .map(([link]) => `${file}: ${link}`),
      );
    expect(broken).toEqual([]);
  });
});

/** Anchors as GitHub makes them. */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]));
}
