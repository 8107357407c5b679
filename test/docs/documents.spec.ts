import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { calls, events, failureCodes, publisherCounted } from '@mystocks/contracts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('documents that cannot lie', () => {
  it('docs/failures.md has a paragraph for every way to fail, with its status, and no other', () => {
    const titles = [...read('docs/failures.md').matchAll(/^## (\w+) \((\d+)\)$/gm)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    expect(titles).toEqual(Object.entries(failureCodes).map(([code, { status }]) => `${code} ${status}`));
  });

  it('docs/subjects.md names every subject with its deadline and its callers, and no other', () => {
    const rows = [...read('docs/subjects.md').matchAll(/^\| `((?:svc|evt)\.[^`]+)` \| (.*) \|$/gm)].map(
      ([, subject, rest]) => `${subject} | ${rest}`,
    );
    const callRows = calls.map(({ subject, timeoutMs, effect, allow }) => {
      const who = allow === 'anyone' ? 'anyone' : allow.join(' ');
      return `${subject} | ${timeoutMs} | ${effect} | ${who}`;
    });
    const eventRows = events.map(({ subject, key, numbered }) => {
      const named = subject === publisherCounted.subject ? '`<service>`' : '`<exchange>.<code>`';
      return `${subject} | ${key === undefined ? '-' : named} | ${numbered === true ? 'yes' : '-'}`;
    });
    expect(rows).toEqual([...callRows, ...eventRows]);
  });

  it('every file and room that ARCHITECTURE.md names exists', () => {
    const text = read('ARCHITECTURE.md');
    const whole = [...text.matchAll(/\b(?:apps|libs|test|docs)\/[\w./-]*\w/g)].map(([path]) => path);
    const missing = whole.filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
    const files = new Set(
      ['apps', 'libs', 'test'].flatMap((place) =>
        readdirSync(join(root, place), { recursive: true, encoding: 'utf8' }).map((file) => file.split('/').at(-1)),
      ),
    );
    const named = [...text.matchAll(/\b([a-z][\w-]*(?:\.[a-z]+)?\.ts)\b/g)].map(([, file]) => file ?? '');
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((file) => !files.has(file))).toEqual([]);
  });

  it('README.md stays within 150 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(151);
  });

  it('every script the README names exists', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    const named = [...read('README.md').matchAll(/npm (?:run (?:-s )?([a-z:]+)|(start|test))/g)].map(
      ([, run, plain]) => run ?? plain ?? '',
    );
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});
