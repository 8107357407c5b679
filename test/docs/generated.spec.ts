import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeclaredSettings, root } from './generated/declared-settings.js';
import { metricsPage } from './generated/metrics-page.js';
import { subjectsPage } from './generated/subjects-page.js';
import { environmentExample, settingsPage, withComposeSettings } from './generated/settings-documents.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
/** `npm run docs` sets it. */
const isWriting = process.env['WRITE_DOCUMENTS'] === '1';

describe('documents written from the code', () => {
  it.each<[string, () => Promise<string>]>([
    ['docs/metrics.md', metricsPage],
    ['docs/subjects.md', () => Promise.resolve(subjectsPage())],
    ['docs/settings.md', async () => settingsPage(await readDeclaredSettings())],
    ['.env.example', async () => environmentExample(await readDeclaredSettings())],
    ['docker-compose.yml', async () => withComposeSettings(read('docker-compose.yml'), await readDeclaredSettings())],
  ])('%s says what the code says (`npm run docs` writes it)', async (file, make) => {
    const text = await make();
    if (isWriting) writeFileSync(join(root, file), text);
    expect(read(file)).toBe(text);
  });

  it('explain every setting in words', async () => {
    const settings = await readDeclaredSettings();
    expect(settings.filter(({ meaning }) => meaning === '').map(({ name }) => name)).toEqual([]);
  });
});
