import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { IsCount } from '@mystocks/validation';
import { BadSettings, IsSecret, parseSettings, Secret, ServiceSettings } from './index.js';

class AppSettings extends ServiceSettings {
  @IsCount(1, 100) readonly PG_POOL_SIZE: number = 20;
  @IsSecret({ minLength: 8 }) readonly PG_PRIMARY_URL!: Secret;
}

const whole = {
  MANAGEMENT_PORT: '9101',
  NATS_URL: 'nats://127.0.0.1:4322',
  PG_PRIMARY_URL: 'postgres://u:hunter2@h/d',
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('parseSettings', () => {
  it('reads text, keeps defaults and ignores what it does not know', () => {
    const settings = parseSettings(AppSettings, { ...whole, PATH: '/bin', SSL_CERT_FILE: '/nowhere' });
    expect(settings.MANAGEMENT_PORT).toBe(9_101);
    expect(settings.PG_POOL_SIZE).toBe(20);
    expect(settings.PG_PRIMARY_URL.reveal()).toBe('postgres://u:hunter2@h/d');
    expect(`${settings.PG_PRIMARY_URL} ${inspect(settings)} ${JSON.stringify(settings)}`).not.toContain('hunter2');
  });

  it('names every bad setting and shows no value', () => {
    const run = (): unknown =>
      parseSettings(AppSettings, {
        ...whole,
        MANAGEMENT_PORT: 'ninety',
        PG_POOL_SIZE: '0',
        PG_PRIMARY_URL: 'sh0rt',
        NATS_URL: '',
      });
    expect(run).toThrow(BadSettings);
    try {
      run();
    } catch (error) {
      const { message } = error as BadSettings;
      for (const name of ['MANAGEMENT_PORT', 'PG_POOL_SIZE', 'PG_PRIMARY_URL', 'NATS_URL'])
        expect(message).toContain(name);
      expect(message).not.toMatch(/ninety|sh0rt/);
    }
  });

  it('lets X_FILE beat X', () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'postgres://from-file\n');
    expect(parseSettings(AppSettings, { ...whole, PG_PRIMARY_URL_FILE: file }).PG_PRIMARY_URL.reveal()).toBe(
      'postgres://from-file',
    );
  });

  it('says which file cannot be read, and why', () => {
    expect(() => parseSettings(AppSettings, { ...whole, PG_PRIMARY_URL_FILE: join(folder, 'none') })).toThrow(
      /PG_PRIMARY_URL_FILE.*ENOENT/,
    );
  });

  it('names a key ring that cannot be used and shows nothing of it', () => {
    const run = (): unknown => parseSettings(AppSettings, { ...whole, MASTER_KEY: 'k1:hunter2-not-a-key' });
    expect(run).toThrow(BadSettings);
    expect(run).toThrow(/MASTER_KEY/);
    expect(run).not.toThrow(/hunter2/);
  });

  it('refuses a sealed value without a key ring instead of using it as it is', () => {
    expect(() => parseSettings(AppSettings, { ...whole, PG_PRIMARY_URL: 'enc:fernet:k1:gAAAAA' })).toThrow(
      /PG_PRIMARY_URL.*MASTER_KEY_FILE/,
    );
  });
});
