import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { writeSecrets } from '../../tools/compose/secrets.js';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Service {
  /** Absent where deploy/compose/tdengine.yml adds to a service. */
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args: { readonly APP: string } };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
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
const service = (name: string): Service => {
  const found = compose.services[name] ?? overlay.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no ${name}`);
  return found;
};

/** Names a settings file declares; those without `?` and without a default are needed. */
function settingsIn(file: string): { readonly all: string[]; readonly needed: string[] } {
  // Settings of migrate.js stand in a class of their own.
  const own = read(file).replace(/class MigrationSettings[^}]*\{[^}]*\}/, '');
  const names = [...own.matchAll(/readonly ([A-Z][A-Z0-9_]+)([!?:])/g)];
  return {
    all: names.map(([, name]) => name ?? ''),
    needed: names.filter(([, , mark]) => mark === '!').map(([, name]) => name ?? ''),
  };
}
const common = settingsIn('libs/config/src/service-settings.ts');
const given = (name: string): string[] =>
  Object.keys(service(name).environment ?? {}).map((setting) => setting.replace(/_FILE$/, ''));

describe('docker-compose.yml', () => {
  it('has the five services and the servers they stand on', () => {
    const servers = ['nats', 'redis', 'postgres', 'postgres-replica', 'etcd'];
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining([...servers, ...apps]));
    for (const app of apps) expect(service(app).build?.args.APP).toBe(app);
  });

  it.each(apps)('gives %s every setting it needs, and none that it does not know', (app) => {
    const own = settingsIn(`apps/${app}/src/${app}.settings.ts`);
    const more = readdirSync(join(root, `apps/${app}/src`), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.settings.ts'))
      .flatMap((file) => settingsIn(`apps/${app}/src/${file}`).all);
    const unknown = given(app).filter((name) => ![...common.all, ...more].includes(name));
    const missing = [...common.needed, ...own.needed].filter((name) => !given(app).includes(name));
    expect({ unknown, missing }).toEqual({ unknown: [], missing: [] });
  });

  it('keeps bars and quotes in TDengine with the second file, and then waits for it', () => {
    const { needed } = settingsIn('apps/market-data/src/timeseries/tdengine.settings.ts');
    for (const name of ['market-data', 'migrate-market-data']) {
      const added = overlay.services[name];
      expect(added?.environment?.['TIMESERIES_STORE']).toBe('tdengine');
      expect(Object.keys(added?.environment ?? {})).toEqual(
        expect.arrayContaining(needed.map((setting) => `${setting}_FILE`)),
      );
      expect(added?.depends_on).toEqual({ 'tdengine-password': { condition: 'service_completed_successfully' } });
    }
  });

  it('lets the second cache tier live in TDengine with the second file', () => {
    const added = overlay.services['cache'];
    expect(service('cache').environment).toMatchObject({ CACHE_L2: '${CACHE_L2:-redis}' });
    expect(added?.environment).toEqual({ TDENGINE_URL_FILE: '/run/secrets/tdengine_url' });
    const { all } = settingsIn('apps/cache/src/tiers/tier.settings.ts');
    expect(all).toEqual(['REDIS_URL', 'TDENGINE_URL']);
    expect(given('cache')).toContain('REDIS_URL');
    expect(added?.depends_on).toEqual({ 'tdengine-password': { condition: 'service_completed_successfully' } });
  });

  it('lets the environment say how long past its freshness an answer is given, to both tiers alike', () => {
    for (const name of ['cache', 'gateway'])
      expect(service(name).environment).toMatchObject({ CACHE_STALE_IF_ERROR_S: '${CACHE_STALE_IF_ERROR_S:-900}' });
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

  it('publishes the ports of SURFACE.md, on loopback only', () => {
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

  it('runs our code with a read-only root, no new privileges and somebody to pass signals on', () => {
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

    it('come from files that tools/compose-secrets.ts makes, each where somebody reads it', () => {
      const declared = Object.entries({ ...compose.secrets, ...overlay.secrets }).map(([name, { file }]) => {
        expect(file).toBe(`\${MYSTOCKS_SECRETS:-./.stack/compose}/${name}`);
        return name;
      });
      const used = new Set(entries.flatMap(([, { secrets = [] }]) => secrets));
      expect(made).toEqual(expect.arrayContaining(declared));
      expect([...used].sort()).toEqual(declared.sort());
    });

    it('reach exactly the services that name their files', () => {
      for (const [name, { environment = {}, secrets = [] }] of entries) {
        const named = Object.values(environment).flatMap((value) => /^\/run\/secrets\/(\w+)$/.exec(value)?.[1] ?? []);
        expect(secrets).toEqual(expect.arrayContaining(named));
        if (apps.includes(name)) expect([...named].sort()).toEqual([...secrets].sort());
      }
    });

    it('are never in docker-compose.yml itself', () => {
      expect(text + withTdengine).not.toMatch(/:\/\/[^\s/@]*:[^\s/@]+@/);
      const plain = entries.flatMap(([, { environment = {} }]) =>
        Object.keys(environment).filter(
          (name) => /PASSWORD|TOKEN|KEY|SECRET|PEPPER|_URLS?$/.test(name) && !name.endsWith('_FILE'),
        ),
      );
      expect(plain.filter((name) => name !== 'NATS_URL')).toEqual([]);
    });

    it('are made once, for nobody else on the machine, and a lost one is made again', () => {
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(writeSecrets(directory)).toEqual([]);
      const token = readFileSync(join(directory, 'nats_token'), 'utf8').trim();
      rmSync(join(directory, 'nats_authorization'));
      expect(writeSecrets(directory)).toEqual(['nats_authorization']);
      expect(readFileSync(join(directory, 'nats_authorization'), 'utf8')).toContain(token);
    });
  });
});
