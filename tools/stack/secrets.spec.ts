import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SystemSecrets } from '@mystocks/testing';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPlan } from './plan.js';
import { readSecrets } from './secrets.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stack-secrets-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const read = (): SystemSecrets => readSecrets(readPlan({ MYSTOCKS_STACK_DIR: directory }));
const file = (): string => join(directory, 'secrets.json');

describe('the secrets of a stack', () => {
  it('the secrets of a stack are made once, for their owner alone', () => {
    const made = read();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(read()).toEqual(made);
    const plain = [made.nats_token, made.redis_password, made.cache_client_secret, ...Object.values(made.postgres)];
    expect(new Set(plain).size).toBe(plain.length);
  });

  it('the secrets of a stack of an older stack get those it did not know, and keep the others', () => {
    const older = structuredClone(read());
    Reflect.deleteProperty(older, 'cache_client_secret');
    Reflect.deleteProperty(older.postgres, 'cache');
    writeFileSync(file(), JSON.stringify(older));
    const completed = read();
    expect(completed).toMatchObject(older);
    expect([completed.cache_client_secret.length, completed.postgres.cache.length]).toEqual([43, 43]);
    expect(read()).toEqual(completed);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(completed);
  });
});
