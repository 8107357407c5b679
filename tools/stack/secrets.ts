import { newSecrets, type SystemSecrets } from '@mystocks/testing';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan.ts';

/** The secrets of a stack, in `.stack/secrets.json` (mode 600): new ones the first time; one that the file lacks is added. */
export function readSecrets(plan: Plan): SystemSecrets {
  const file = plan.file('secrets.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<SystemSecrets>) : {};
  const fresh = newSecrets();
  const secrets = { ...fresh, ...known, postgres: { ...fresh.postgres, ...known.postgres } };
  if (JSON.stringify(secrets) !== JSON.stringify(known)) writePrivately(file, secrets);
  return secrets;
}

/** Writes a file that only its owner may read. */
export function writePrivately(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
}
