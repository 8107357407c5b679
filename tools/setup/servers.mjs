// The native servers that the stack and the system tests start.
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runQuietly } from './run.mjs';

const LOCK_WAIT_MS = 120_000;
const LOCK_LOOK_MS = 1_000;

// Where libs/testing (find-program.ts) looks as well. MYSTOCKS_SETUP_ROOT puts another root before them, for the spec.
const root = process.env.MYSTOCKS_SETUP_ROOT ?? '/';
const places = () => [
  ...(process.env.PATH ?? '').split(delimiter).filter((place) => place !== ''),
  ...['usr/sbin', 'usr/local/sbin', 'usr/local/bin', 'opt/homebrew/bin'].map((place) => join(root, place)),
];

const canRun = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const onPath = (program) => places().some((place) => canRun(join(place, program)));
const hasPostgres = () =>
  ['usr/lib/postgresql', 'opt/homebrew/opt', 'usr/local/opt']
    .map((folder) => join(root, folder))
    .filter(existsSync)
    .some((folder) =>
      readdirSync(folder).some(
        (name) => /^(postgresql@)?\d+$/.test(name) && canRun(join(folder, name, 'bin', 'initdb')),
      ),
    );

const servers = [
  { name: 'NATS', present: () => onPath('nats-server'), apt: 'nats-server', brew: 'nats-server' },
  { name: 'Redis', present: () => onPath('redis-server'), apt: 'redis-server', brew: 'redis' },
  { name: 'PostgreSQL', present: hasPostgres, apt: 'postgresql', brew: 'postgresql@17' },
  { name: 'etcd', present: () => onPath('etcd'), apt: 'etcd-server', brew: 'etcd' },
];

/**
 * Installs what is missing. Servers that a package starts by itself are left alone: the system runs its own copies on
 * its own ports.
 */
export async function setUpServers(say) {
  const missing = servers.filter(({ present }) => !present());
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  const install = await installer();
  if (install === undefined)
    throw new Error(byHand(missing, 'no way to install them from here (no root, no passwordless sudo, no brew)'));
  say(`installing ${names} with ${install.tool} …`);
  try {
    await install.run(missing, say);
  } catch (error) {
    throw new Error(byHand(missing, String(error.message)), { cause: error });
  }
  const absent = missing.filter(({ present }) => !present());
  if (absent.length > 0) throw new Error(byHand(absent, `${install.tool} did not bring them`));
}

const byHand = (missing, reason) => `these servers are missing: ${missing.map(({ name }) => name).join(', ')}; ${reason}
Install them, then start again:
  Debian, Ubuntu:  sudo apt-get install ${missing.map(({ apt }) => apt).join(' ')}
  Mac:             brew install ${missing.map(({ brew }) => brew).join(' ')}`;

async function installer() {
  if (onPath('apt-get')) {
    const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    if (asRoot.length === 0 || (await works('sudo', ['-n', 'true'])))
      return { tool: 'apt-get', run: (missing, say) => withApt(asRoot, missing, say) };
  }
  if (onPath('brew')) {
    return {
      tool: 'brew',
      run: (missing, say) => runQuietly('brew', ['install', '--quiet', ...missing.map(({ brew }) => brew)], { say }),
    };
  }
  return undefined;
}

async function withApt(asRoot, missing, say) {
  const apt = (...args) => {
    const [command, ...rest] = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      // Its messages in English, whatever the machine speaks: one of them is read below.
      'LANGUAGE=en',
      'apt-get',
      '-qq',
      '-o',
      'DPkg::Lock::Timeout=120',
      ...args,
    ];
    return whenUnlocked(() => runQuietly(command, rest, { say }), say);
  };
  // A broken third-party source must not keep us from what Debian itself has.
  await apt('update').catch((error) =>
    say(`apt-get update failed, trying with the lists there are: ${error.message.trim().split('\n').pop()}`),
  );
  // A minimal Debian has no curl, and `npm start` prints a command to try. Not worth an installation of its own.
  const comfort = onPath('curl') ? [] : ['curl'];
  await apt('install', '-y', '--no-install-recommends', ...missing.map((server) => server.apt), ...comfort);
}

/** A machine that has just booted updates its lists by itself; DPkg::Lock::Timeout does not wait for that lock. */
async function whenUnlocked(work, say) {
  const startedMs = Date.now();
  for (let told = false; ; told = true) {
    try {
      return await work();
    } catch (error) {
      if (!/could not get lock/i.test(error.message) || Date.now() - startedMs > LOCK_WAIT_MS) throw error;
      if (!told) say('waiting for another apt-get to end …');
      await sleep(LOCK_LOOK_MS);
    }
  }
}

const works = (command, args) =>
  runQuietly(command, args).then(
    () => true,
    () => false,
  );
