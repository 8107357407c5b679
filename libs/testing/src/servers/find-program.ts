import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Debian keeps servers in sbin, which is not on the PATH of ordinary users; Homebrew has its own places.
const placesBesidePath = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Full path of a server's program. */
export function findProgram(name: string): string {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), ...placesBesidePath].filter((place) => place !== '');
  const found = places.map((place) => join(place, name)).find(isProgram);
  if (found === undefined) throw new Error(`${name} is not installed: run \`node tools/setup/setup.mjs\``);
  return found;
}

const versionsOf = (folder: string, pattern: RegExp): { path: string; version: number }[] =>
  existsSync(folder)
    ? readdirSync(folder).flatMap((name) => {
        const version = pattern.exec(name)?.[1];
        return version === undefined ? [] : [{ path: join(folder, name, 'bin'), version: Number(version) }];
      })
    : [];

/** Folder with `postgres`, `initdb` and the rest: the newest version on this machine. */
export function findPostgres(): string {
  const found = [
    ...versionsOf('/usr/lib/postgresql', /^(\d+)$/),
    ...versionsOf('/opt/homebrew/opt', /^postgresql@(\d+)$/),
    ...versionsOf('/usr/local/opt', /^postgresql@(\d+)$/),
  ]
    .filter(({ path }) => isProgram(join(path, 'initdb')))
    .sort((a, b) => b.version - a.version)[0];
  if (found === undefined) throw new Error('PostgreSQL is not installed: run `node tools/setup/setup.mjs`');
  return found.path;
}
