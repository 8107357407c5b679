import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Words that hide what the code does, with the words of docs/glossary.md that say it. */
const words: readonly (readonly [pattern: string, instead: string])[] = [
  ['(?:any|every|no|some)body', 'the caller, reader, process … that is meant; or the passive'],
  ['whoever', 'the process or person that is meant'],
  ['news|heard|unheard|hearing', 'event; received'],
  ['outdate[sd]?', 'invalidate; stale'],
  ['strangers?|newcomers?|neighbours?', 'unknown, new, other'],
  ['mending|distrust|mourn(?:s|ed)?|bur(?:y|ies|ied)', 'recovery; missing; gone'],
  ['farewell|porch|doorman|caretaker|cellar|boarding', 'start, core, admission, maintenance, layer, single flight'],
  ['loans?|lend(?:s|ing)?', 'checkout, borrower'],
  ['pulse', 'heartbeat'],
];
/** Where such a word is a stored or foreign name. */
const names: readonly string[] = [
  'login_attempts_of_nobody', // an index in databases that exist
  "'outdated'", // a field of entries in Redis that instances of older releases read
  'expires (ms), outdated', // the same field where it is described
];
const forbidden = words.map(
  ([pattern, instead]) => [new RegExp(String.raw`(?<![a-z])(?:${pattern})(?![a-z])`, 'i'), instead] as const,
);

/**
 * First words of a title that needs another title before it to be a sentence. A title begins with a verb of the third
 * person ("stores …"), whose subject is what `describe` names, or with its own subject ("a refused line is …").
 */
const continuations = new Set(
  'is are was were have do may can cannot must of and but with without as when whose that to from in on at by than which'.split(
    ' ',
  ),
);

/** Decisions keep the words of their time. */
const records = /^docs\/adr\//;
const files = ['apps', 'libs', 'tools', 'bench', 'test', 'docs']
  .flatMap(filesIn)
  .concat(readdirSync(root))
  .filter((file) => /\.(ts|mjs|cjs|md)$/.test(file) && !records.test(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the language of the repository', () => {
  it('contains no word that the glossary replaces', () => {
    expect(files.length).toBeGreaterThan(900);
    const found = files
      .filter((file) => !file.endsWith('words.spec.ts'))
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, index) => complaint(line, `${file}:${index + 1}`)),
      );
    expect(found).toEqual([]);
  });

  it('has test titles that are sentences of their own', () => {
    const titles = files
      .filter((file) => /\.(spec|system-spec|e2e-spec|conformance)\.ts$/.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(/\bit(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*(['`])((?:(?!\1).)+)\1/gs)].map(
          ([, , title = '']) => ({ file, title }),
        ),
      );
    expect(titles.length).toBeGreaterThan(1_500);
    expect(titles.filter(({ title }) => continuations.has(title.split(/[\s,:]/, 1)[0] ?? ''))).toEqual([]);
  });
});

function complaint(line: string, place: string): string[] {
  const text = names.reduce((rest, name) => rest.replaceAll(name, ''), line).replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  return forbidden.flatMap(([pattern, instead]) => {
    const word = pattern.exec(text)?.[0];
    return word === undefined ? [] : [`${place}: "${word}"; better: ${instead}`];
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]));
}
