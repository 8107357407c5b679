import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { removeDirectory, temporaryDirectory } from '@mystocks/testing';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

jest.setTimeout(30_000);

const scriptOf = (name: string): string => join(process.cwd(), 'tools/setup', name);

/** A machine of its own: a root folder, a repository and stand-ins for the programs that install. */
describe('setup', () => {
  let machine: string;

  const program = (path: string, body: string): void => {
    const file = join(machine, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho "$(basename "$0") $*" >> ${machine}/log\n${body}\n`);
    chmodSync(file, 0o755);
  };
  const everyServer = (): void => {
    for (const path of [
      'usr/sbin/nats-server',
      'usr/sbin/etcd',
      'usr/sbin/redis-server',
      'usr/lib/postgresql/15/bin/initdb',
    ])
      program(path, '');
  };
  /** Without root this spec needs `sudo -n true`. */
  const allowSudo = (): void => program('bin/sudo', '[ "$2" = true ] || { shift; exec "$@"; }');
  const setup = (name = 'setup.mjs'): { status: number | null; output: string; log: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [scriptOf(name)], {
      encoding: 'utf8',
      env: {
        PATH: `${machine}/bin:${machine}/system`,
        MYSTOCKS_SETUP_ROOT: machine,
        MYSTOCKS_SETUP_REPOSITORY: `${machine}/repository`,
      },
    });
    const log = existsSync(`${machine}/log`) ? readFileSync(`${machine}/log`, 'utf8') : '';
    return { status, output: stdout + stderr, log };
  };
  const lockFile = (text: string): void => writeFileSync(join(machine, 'repository/package-lock.json'), text);

  beforeEach(() => {
    machine = temporaryDirectory('setup');
    for (const name of ['env', 'sh', 'basename', 'mkdir', 'cp', 'chmod']) {
      mkdirSync(`${machine}/system`, { recursive: true });
      const real = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
      writeFileSync(`${machine}/system/${name}`, `#!/bin/sh\nexec ${real} "$@"\n`, { mode: 0o755 });
    }
    mkdirSync(`${machine}/repository`, { recursive: true });
    lockFile('{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"x"}}}');
    program('bin/npm', `mkdir -p ${machine}/repository/node_modules`);
  });
  afterEach(() => removeDirectory(machine));

  it('runs npm ci once for a lock file, and again when it changed', () => {
    everyServer();
    expect(setup()).toMatchObject({ status: 0, log: 'npm ci --no-audit --no-fund --loglevel=error\n' });
    expect(setup()).toMatchObject({ output: '', log: 'npm ci --no-audit --no-fund --loglevel=error\n' });
    lockFile('{"packages":{"node_modules/a":{"version":"2.0.0","integrity":"y"}}}');
    expect(setup().log.match(/npm ci/g)).toHaveLength(2);
  });

  it('leaves packages alone that were installed as the lock file says', () => {
    everyServer();
    mkdirSync(`${machine}/repository/node_modules/a`, { recursive: true });
    writeFileSync(
      `${machine}/repository/node_modules/.package-lock.json`,
      readFileSync(`${machine}/repository/package-lock.json`),
    );
    expect(setup()).toEqual({ status: 0, output: '', log: '' });
  });

  it('ends with 1 when the packages cannot be had', () => {
    everyServer();
    program('bin/npm', 'exit 7');
    expect(setup()).toMatchObject({ status: 1, output: expect.stringContaining('npm ci') });
    expect(existsSync(`${machine}/repository/node_modules/.mystocks-lock`)).toBe(false);
  });

  it('installs only the servers that are missing, with apt-get', () => {
    everyServer();
    spawnSync('rm', ['-r', `${machine}/usr/sbin/etcd`, `${machine}/usr/lib`]);
    allowSudo();
    program('bin/curl', '');
    const bring = `mkdir -p ${machine}/usr/lib/postgresql/16/bin
      for file in ${machine}/usr/sbin/etcd ${machine}/usr/lib/postgresql/16/bin/initdb; do cp ${machine}/usr/sbin/nats-server $file; done`;
    program('bin/apt-get', `case "$*" in *install*) ${bring} ;; esac`);
    const { status, log, output } = setup();
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain('installing PostgreSQL, etcd with apt-get');
    expect(log).toMatch(/apt-get .*update\n[^]*apt-get .*install -y --no-install-recommends postgresql etcd-server\n/);
    expect(setup()).toMatchObject({ status: 0, output: '' });
  });

  it('brings curl along where there is none: `npm start` prints a command to try', () => {
    program('bin/apt-get', 'exit 1');
    allowSudo();
    expect(setup().log).toMatch(/install .*etcd-server curl\n/);
  });

  it('waits for another apt-get to let go of its lists, as at the first boot of a machine', () => {
    everyServer();
    spawnSync('rm', [`${machine}/usr/sbin/etcd`]);
    allowSudo();
    program(
      'bin/apt-get',
      `case "$*" in
        *update*) [ -d ${machine}/waited ] || { mkdir ${machine}/waited; echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)" >&2; exit 100; } ;;
        *) cp ${machine}/usr/sbin/nats-server ${machine}/usr/sbin/etcd ;;
      esac`,
    );
    const { status, output, log } = setup();
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain('waiting for another apt-get');
    expect(log.match(/update\n/g)).toHaveLength(2);
  });

  it('says what to install where it cannot', () => {
    const { status, output } = setup();
    expect(status).toBe(1);
    expect(output).toContain('missing: NATS, Redis, PostgreSQL, etcd');
    expect(output).toContain('sudo apt-get install nats-server redis-server postgresql etcd-server');
    expect(output).toContain('brew install nats-server redis postgresql@17 etcd');
  });

  it('shows what apt-get said when it failed', () => {
    allowSudo();
    program('bin/apt-get', 'case "$*" in *install*) echo "E: Unable to locate package nats-server"; exit 100 ;; esac');
    const { status, output } = setup();
    expect(status).toBe(1);
    expect(output).toContain('E: Unable to locate package nats-server');
    expect(output).toContain('sudo apt-get install');
  });

  describe('of the Python client of the tests', () => {
    const requirements = 'repository/test/system/keep-alive/requirements.txt';
    const target = (): string => join(machine, 'repository/node_modules/.mystocks-python');

    beforeEach(() => {
      mkdirSync(dirname(join(machine, requirements)), { recursive: true });
      writeFileSync(join(machine, requirements), 'requests==1 --hash=sha256:00');
    });

    it('installs its packages by their hashes once, and again when they changed', () => {
      program('bin/python3', `mkdir -p ${target()}`);
      expect(setup('test-clients.mjs')).toMatchObject({ status: 0, output: '' });
      expect(setup('test-clients.mjs').log).toMatch(/^python3 -m pip install [^\n]*--require-hashes[^\n]*\n$/);
      writeFileSync(join(machine, requirements), 'requests==2 --hash=sha256:00');
      expect(setup('test-clients.mjs').log.match(/pip install/g)).toHaveLength(2);
    });

    it('lets the tests run where pip fails or there is no Python, and says so', () => {
      expect(setup('test-clients.mjs')).toMatchObject({ status: 0, output: expect.stringContaining('no Python') });
      program('bin/python3', 'echo "/usr/bin/python3: No module named pip" >&2; exit 1');
      const { status, output } = setup('test-clients.mjs');
      expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('No module named pip') });
      expect(existsSync(target())).toBe(false);
    });
  });
});
