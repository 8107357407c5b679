// node_modules as the lock file says. Plain JavaScript for the machine's own Node: nothing is installed yet.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runLoudly } from './run.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Installs the packages unless node_modules holds exactly what package-lock.json says. */
export async function setUpPackages(repository, say) {
  const lock = join(repository, 'package-lock.json');
  const stamp = join(repository, 'node_modules', '.mystocks-lock');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!installedByHand(repository)) {
    say('installing the packages of package-lock.json (npm ci, a minute or two) …');
    await runLoudly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: repository,
      // npm deletes node_modules first: it must not run on the node inside.
      env: { ...process.env, PATH: withoutOwnPrograms(process.env.PATH ?? '') },
    });
  }
  writeFileSync(stamp, wanted);
}

const withoutOwnPrograms = (path) =>
  path
    .split(delimiter)
    .filter((place) => !place.includes(join('node_modules', '.bin')))
    .join(delimiter);

/** Whether `npm install` or `npm ci` already installed what the lock file says. */
function installedByHand(repository) {
  const held = join(repository, 'node_modules', '.package-lock.json');
  if (!existsSync(held)) return false;
  const installed = readJson(held).packages;
  return Object.entries(readJson(join(repository, 'package-lock.json')).packages).every(
    ([place, { version, integrity, optional, link }]) => {
      if (!place.startsWith('node_modules/') || link) return true;
      const have = installed[place];
      if (have === undefined) return optional === true;
      return have.version === version && have.integrity === integrity && existsSync(join(repository, place));
    },
  );
}
