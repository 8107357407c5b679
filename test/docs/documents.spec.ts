import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { failureCodes } from '@mystocks/contracts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('documents that cannot lie', () => {
  it('docs/failures.md has a paragraph for every way to fail, with its status, and no other', () => {
    const titles = [...read('docs/failures.md').matchAll(/^## (\w+) \((\d+)\)$/gm)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    expect(titles).toEqual(Object.entries(failureCodes).map(([code, { status }]) => `${code} ${status}`));
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

describe('README.zh-CN.md', () => {
  const [english, chinese] = [read('README.md'), read('README.zh-CN.md')];
  /** Code blocks without their comments, which are translated. */
  const commands = (text: string): string[] =>
    [...text.matchAll(/^```[^]*?^```$/gm)].map(([block]) => block.replace(/ +(#|\/\/) .*$/gm, ''));
  const prose = (text: string): string => text.replace(/^```[^]*?^```$/gm, '');
  const sorted = (text: string, what: RegExp): string[] =>
    [...prose(text).matchAll(what)].map(([found]) => found).sort();

  it('README.zh-CN.md has the headings, tables and paragraphs of README.md', () => {
    const shape = (text: string): string[] =>
      prose(text)
        .split('\n')
        .map((line) => /^(#+ |\| `[^|]*\||\|---)/.exec(line)?.[1] ?? (line === '' ? '' : 'text'));
    expect(shape(chinese)).toEqual(shape(english));
  });

  it('README.zh-CN.md has the commands of README.md', () => {
    expect(commands(chinese)).toEqual(commands(english));
    expect(sorted(chinese, /`[^`\n]+`/g)).toEqual(sorted(english, /`[^`\n]+`/g));
  });

  it('README.zh-CN.md has the figures and links of README.md', () => {
    expect(sorted(chinese, /\d+/g)).toEqual(sorted(english, /\d+/g));
    const pages = /\]\((?!README)[^)]+\)/g;
    expect(sorted(chinese, pages)).toEqual(sorted(english, pages));
  });
});

describe('the recipes of CONTRIBUTING.md', () => {
  const [, ...recipes] = read('CONTRIBUTING.md').split(/^### /m);

  it.each(recipes.map((text) => [text.split('\n')[0] ?? '', text]))(
    'the recipes of CONTRIBUTING.md name existing files, as many as promised: %s',
    (title, text) => {
      const steps = [...text.matchAll(/^(\d+)\. `([^`]+)`: \S/gm)].map(([, number, path = '']) => ({
        number: Number(number),
        path,
      }));
      expect(steps.map(({ number }) => number)).toEqual(
        Array.from({ length: Number(/(\d+) files$/.exec(title)?.[1]) }, (_, index) => index + 1),
      );
      expect(steps.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
    },
  );

  it('promise at most 9 files for a route, and 2 for a metric, a setting and a kind of channel', () => {
    const counts = Object.fromEntries(
      recipes.map((text) => [/^An? (\w+)/.exec(text)?.[1], Number(/: (\d+) files\n/.exec(text)?.[1])]),
    );
    expect(counts).toMatchObject({ route: 9, metric: 2, setting: 2, kind: 2 });
  });

  it('the recipes of CONTRIBUTING.md use what they name: the example of each step has the call, the metric or the setting', () => {
    const [, route = ''] = /^### (A route[^]*?)^### /m.exec(read('CONTRIBUTING.md')) ?? [];
    const files = [...route.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path = '']) => path);
    expect(files.filter((path) => !/calendar/i.test(read(path)))).toEqual([]);
    expect(read('apps/gateway/src/http/meter.ts')).toContain('metrics.');
    expect(read('apps/gateway/src/main.ts')).toContain('settings.GATEWAY_');
    expect(read('apps/realtime/src/quotes/quote-kind.ts')).toContain('implements ChannelKind');
    expect(read('apps/realtime/src/kinds/channel-kinds.service.ts')).toContain('QuoteKind');
  });
});
