import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { readDeclaredSettings } from './generated/declared-settings.js';
import { isPassedOnByCompose } from './generated/settings-documents.js';
import { writeSecrets } from '../../tools/compose/secrets.js';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Service {
  /** Absent where deploy/compose/tdengine.yml adds to a service. */
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args: { readonly APP: string } };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** Null where the value is that of the environment of `docker compose`. */
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly security_opt?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const withTdengine = read('deploy/compose/tdengine.yml');
const overlay = parse(withTdengine, { merge: true }) as Compose;
const apps = readdirSync(join(root, 'apps'));
const entries = [...Object.entries(compose.services), ...Object.entries(overlay.services)];
const settings = await readDeclaredSettings();
const service = (name: string): Service => {
  const found = compose.services[name] ?? overlay.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no ${name}`);
  return found;
};

const given = (name: string): string[] =>
  Object.keys(service(name).environment ?? {}).map((setting) => setting.replace(/_FILE$/, ''));

describe('docker-compose.yml', () => {
  it('docker-compose.yml has the five services and the servers they stand on', () => {
    const servers = ['nats', 'redis', 'postgres', 'postgres-replica', 'etcd'];
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining([...servers, ...apps]));
    for (const app of apps) expect(service(app).build?.args.APP).toBe(app);
  });

  it.each(apps)('gives %s every setting it needs, and none that it does not know', (app) => {
    const known = settings.filter(({ services }) => services.includes(app)).map(({ name }) => name);
    const needed = settings.filter(({ neededBy }) => neededBy.includes(app)).map(({ name }) => name);
    expect(given(app).filter((name) => !known.includes(name))).toEqual([]);
    expect(given(app)).toEqual(expect.arrayContaining(needed));
  });

  it('passes every setting that is not secret on to the services that read it, where it is set', () => {
    for (const app of apps) {
      const names = settings.filter((one) => one.services.includes(app) && isPassedOnByCompose(one));
      const passedOn = Object.entries(service(app).environment ?? {}).filter(([, value]) => value === null);
      expect(passedOn.map(([name]) => name).sort()).toEqual(names.map(({ name }) => name).sort());
    }
  });

  it('keeps bars and quotes in TDengine with the second file, and then waits for it', () => {
    for (const name of ['market-data', 'migrate-market-data']) {
      const added = overlay.services[name];
      expect(added?.environment?.['TIMESERIES_STORE']).toBe('tdengine');
      expect(Object.keys(added?.environment ?? {})).toContain('TDENGINE_URL_FILE');
      expect(added?.depends_on).toEqual({ 'tdengine-password': { condition: 'service_completed_successfully' } });
    }
  });

  it('lets the second cache tier live in TDengine with the second file', () => {
    const added = overlay.services['cache'];
    expect(added?.environment).toEqual({ TDENGINE_URL_FILE: '/run/secrets/tdengine_url' });
    expect(given('cache')).toEqual(expect.arrayContaining(['CACHE_L2', 'REDIS_URL']));
    expect(added?.depends_on).toEqual({ 'tdengine-password': { condition: 'service_completed_successfully' } });
  });

  it.each(['auth', 'market-data', 'cache'])('migrates before %s starts, and tells it of primary and replica', (app) => {
    expect(existsSync(join(root, `apps/${app}/src/migrate.ts`))).toBe(true);
    const migration = service(`migrate-${app}`);
    expect(migration.build?.args.APP).toBe(app);
    expect(migration.command?.at(-1)).toBe('apps/service/dist/migrate.js');
    expect(given(`migrate-${app}`)).toEqual(['PG_MIGRATION_URL']);
    expect(service(app).depends_on).toMatchObject({
      [`migrate-${app}`]: { condition: 'service_completed_successfully' },
      'postgres-replica': { condition: 'service_healthy' },
    });
    expect(given(app)).toEqual(expect.arrayContaining(['PG_PRIMARY_URL', 'PG_REPLICA_URLS']));
  });

  it('publishes every port on loopback only', () => {
    const published = entries.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`)).sort();
    expect(published).toEqual(
      [
        ...['gateway 127.0.0.1:3000:3000', 'realtime 127.0.0.1:3010:3010'],
        ...['gateway 127.0.0.1:9100:9100', 'market-data 127.0.0.1:9101:9101', 'cache 127.0.0.1:9102:9102'],
        ...['auth 127.0.0.1:9103:9103', 'realtime 127.0.0.1:9104:9104'],
        ...['nats 127.0.0.1:4322:4222', 'redis 127.0.0.1:6479:6379', 'etcd 127.0.0.1:2479:2379'],
        ...['postgres 127.0.0.1:5532:5432', 'postgres-replica 127.0.0.1:5533:5432', 'tdengine 127.0.0.1:6041:6041'],
      ].sort(),
    );
  });

  it('asks each service for its readiness at the port it serves it on', () => {
    expect(read('libs/health/src/health.controller.ts')).toMatch(/@Controller\('health'\)[^]*@Get\('ready'\)/);
    for (const app of apps) {
      const { healthcheck, environment, ports } = service(app);
      expect(healthcheck?.test.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
      expect(healthcheck?.test[3]).toContain("process.env.MANAGEMENT_PORT+'/health/ready'");
      const port = environment?.['MANAGEMENT_PORT'] ?? '';
      expect(ports).toContain(`127.0.0.1:${port}:${port}`);
    }
  });

  it('waits for what reports its health, and everything that goes on running reports it', () => {
    for (const [name, { depends_on: needed = {}, restart, healthcheck }] of entries) {
      if (restart !== undefined) expect([name, healthcheck]).toEqual([name, expect.anything()]);
      for (const [other, { condition }] of Object.entries(needed)) {
        const goesOn = service(other).restart !== undefined;
        expect([name, other, condition]).toEqual([
          name,
          other,
          goesOn ? 'service_healthy' : 'service_completed_successfully',
        ]);
      }
    }
  });

  it('runs our code with a read-only root, no new privileges and an init process that passes signals on', () => {
    for (const app of apps)
      expect(service(app)).toMatchObject({ init: true, read_only: true, security_opt: ['no-new-privileges:true'] });
    expect(text).not.toContain('ulimits');
  });

  it('pins every image by version', () => {
    for (const [name, { image }] of entries.filter(([, one]) => one.image !== undefined))
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+/)]);
    const dockerfile = read('deploy/Dockerfile');
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    expect(/^ARG NODE_VERSION=(.*)$/m.exec(dockerfile)?.[1]).toBe(devDependencies['node']);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from)).toEqual([
      'node:${NODE_VERSION}-bookworm-slim',
      'node:${NODE_VERSION}-bookworm-slim',
    ]);
  });

  it('mounts files that exist, scripts that can be run, and volumes that are declared', () => {
    for (const [name, { volumes = [], build }] of entries) {
      for (const volume of volumes) {
        const source = volume.split(':')[0] ?? '';
        if (!source.startsWith('.')) expect(Object.keys({ ...compose.volumes, ...overlay.volumes })).toContain(source);
        else expect([name, source, existsSync(join(root, source))]).toEqual([name, source, true]);
        if (source.endsWith('.sh'))
          expect([source, statSync(join(root, source)).mode & 0o111]).toEqual([source, 0o111]);
      }
      if (build !== undefined) expect(existsSync(join(root, build.context, build.dockerfile))).toBe(true);
    }
  });

  describe('secrets', () => {
    const directory = mkdtempSync(join(tmpdir(), 'compose-secrets-'));
    let made: string[];
    beforeAll(() => {
      made = writeSecrets(directory);
    });
    afterAll(() => {
      rmSync(directory, { recursive: true });
    });

    it('secrets come from files that tools/compose-secrets.ts makes, each where its service reads it', () => {
      const declared = Object.entries({ ...compose.secrets, ...overlay.secrets }).map(([name, { file }]) => {
        expect(file).toBe(`\${MYSTOCKS_SECRETS:-./.stack/compose}/${name}`);
        return name;
      });
      const used = new Set(entries.flatMap(([, { secrets = [] }]) => secrets));
      expect(made).toEqual(expect.arrayContaining(declared));
      expect([...used].sort()).toEqual(declared.sort());
    });

    it('secrets reach exactly the services that name their files', () => {
      for (const [name, { environment = {}, secrets = [] }] of entries) {
        const named = Object.values(environment).flatMap(
          (value) => /^\/run\/secrets\/(\w+)$/.exec(value ?? '')?.[1] ?? [],
        );
        expect(secrets).toEqual(expect.arrayContaining(named));
        if (apps.includes(name)) expect([...named].sort()).toEqual([...secrets].sort());
      }
    });

    it('secrets are never in docker-compose.yml itself', () => {
      expect(text + withTdengine).not.toMatch(/:\/\/[^\s/@]*:[^\s/@]+@/);
      const plain = entries.flatMap(([, { environment = {} }]) =>
        Object.keys(environment).filter((name) => settings.some((one) => one.secret && one.name === name)),
      );
      expect(plain).toEqual([]);
    });

    it('secrets are made once, unreadable for other users of the machine, and a lost one is made again', () => {
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(writeSecrets(directory)).toEqual([]);
      const token = readFileSync(join(directory, 'nats_token'), 'utf8').trim();
      rmSync(join(directory, 'nats_authorization'));
      expect(writeSecrets(directory)).toEqual(['nats_authorization']);
      expect(readFileSync(join(directory, 'nats_authorization'), 'utf8')).toContain(token);
    });
  });
});
