import { beforeAll, describe, expect, it } from '@jest/globals';
import { serviceNames } from '@mystocks/testing';
import { readPlan } from '../../tools/stack/plan.js';
import { ignoredSettings, stackEnvironment } from '../../tools/stack/services.js';
import { readDeclaredSettings, type DeclaredSetting } from './generated/declared-settings.js';

const servers = {
  nats: { url: 'nats://own' },
  redis: { url: 'redis://own' },
  postgres: { urlOf: () => 'postgres://own', replicaUrlsOf: () => 'postgres://own-replica' },
};
const secrets = {
  nats_token: 'own',
  signing_key: 'own',
  password_pepper: 'own',
  bootstrap_token: 'own',
  cache_client_secret: 'own',
};
/** `npm start` runs these servers itself, with secrets of its own, and decides the port of each management address. */
const stackOwns = [
  ...['NATS_URL', 'NATS_TOKEN', 'REDIS_URL', 'PG_PRIMARY_URL', 'PG_REPLICA_URLS', 'MANAGEMENT_PORT'],
  ...['AUTH_SIGNING_KEY', 'AUTH_PASSWORD_PEPPER', 'AUTH_BOOTSTRAP_TOKEN', 'AUTH_CACHE_CLIENT_SECRET'],
  ...['CACHE_CLIENT_SECRET', 'PG_MIGRATION_URL'],
];

describe('settings in the environment of `npm start`', () => {
  let settings: readonly DeclaredSetting[];
  beforeAll(async () => {
    settings = (await readDeclaredSettings()).filter(({ services }) => services.length > 0);
  });
  const environmentOf = (name: (typeof serviceNames)[number], given: Record<string, string>): Record<string, string> =>
    stackEnvironment(name, { plan: readPlan(given), secrets, servers, given });

  it('settings in the environment of `npm start` reach every service that reads them', () => {
    const given = Object.fromEntries(
      settings.map(({ name }) => [name, name.endsWith('_PORT') ? '3456' : `my ${name}`]),
    );
    const lost = settings
      .filter(({ name }) => !stackOwns.includes(name))
      .flatMap(({ name, services }) =>
        services
          .filter((service) =>
            serviceNames.every((one) => one !== service || environmentOf(one, given)[name] !== given[name]),
          )
          .map((service) => `${service} ${name}`),
      );
    expect(settings.length).toBeGreaterThan(40);
    expect(lost).toEqual([]);
  });

  it('settings in the environment of `npm start` reach it as files and with the key ring for sealed values', () => {
    const given = { MASTER_KEY_FILE: '/keys', TDENGINE_URL_FILE: '/url' };
    for (const name of serviceNames) expect(environmentOf(name, given)).toMatchObject(given);
  });

  it('settings in the environment of `npm start` do not replace the servers, secrets and management ports of the stack, not as files either', () => {
    const given = Object.fromEntries(
      stackOwns.flatMap((name) => [
        [name, 'other'],
        [`${name}_FILE`, '/other'],
      ]),
    );
    for (const name of serviceNames) {
      const environment = environmentOf(name, given);
      expect(Object.keys(environment).filter((one) => one.endsWith('_FILE'))).toEqual([]);
      expect(Object.values(environment)).not.toContain('other');
    }
  });

  it('settings in the environment of `npm start` that belong to the stack are named when a user sets them', () => {
    expect(ignoredSettings({ NATS_URL: 'nats://other', PG_PRIMARY_URL_FILE: '/url', LOG_LEVEL: 'warn' })).toEqual([
      'NATS_URL',
      'PG_PRIMARY_URL_FILE',
    ]);
  });
});
