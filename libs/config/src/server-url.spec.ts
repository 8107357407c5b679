import { describe, expect, it } from '@jest/globals';
import { BadSettings, IsSecretUrl, IsSecretUrls, parseSettings, ServiceSettings, type Secret } from './index.js';

class StoreSettings {
  @IsSecretUrl('postgres', { optional: true }) readonly PG_PRIMARY_URL?: Secret;
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  @IsSecretUrl('redis', { optional: true }) readonly REDIS_URL?: Secret;
  @IsSecretUrl('tdengine', { optional: true }) readonly TDENGINE_URL?: Secret;
}

type Name = keyof StoreSettings;
const read = (name: Name, value: string): string | undefined =>
  parseSettings(StoreSettings, { [name]: value })[name]?.reveal();

describe('addresses of servers in settings', () => {
  it.each<[Name, string]>([
    ['PG_PRIMARY_URL', 'postgres://auth:hunter2@127.0.0.1:5532/mystocks'],
    ['PG_PRIMARY_URL', 'postgresql://auth:p%40ss@[::1]/mystocks?sslmode=require'],
    ['PG_REPLICA_URLS', 'postgres://a:hunter2@one:5432/d, postgres://a:hunter2@two:5432/d,'],
    ['REDIS_URL', 'redis://127.0.0.1'],
    ['REDIS_URL', 'rediss://:hunter2@redis.example:6379/1'],
    ['TDENGINE_URL', 'http://root:hunter2@td:6041'],
    ['TDENGINE_URL', 'https://us%20er:p%40ss%3Aw%2Frd@td.example:6041/'],
  ])('takes as %s %s as it is', (name, value) => {
    expect(read(name, value)).toBe(value);
  });

  it.each<[Name, string]>([
    ['PG_PRIMARY_URL', 'nonsense-hunter2'],
    ['PG_PRIMARY_URL', 'http://u:hunter2@h/d'],
    ['PG_PRIMARY_URL', 'postgres:hunter2'],
    ['PG_PRIMARY_URL', 'postgres://u:hunter2@h:99999/d'],
    ['PG_PRIMARY_URL', 'postgres://u:hunter2%zz@h/d'],
    ['PG_PRIMARY_URL', 'postgres://u:hunter2@one/d,postgres://u:hunter2@two/d'],
    ['PG_REPLICA_URLS', 'postgres://u:p@one/d,hunter2'],
    ['PG_REPLICA_URLS', ' , '],
    ['REDIS_URL', 'nonsense-hunter2'],
    ['REDIS_URL', 'hunter2:6379'],
    ['TDENGINE_URL', 'nonsense-hunter2'],
    ['TDENGINE_URL', 'http://hunter2:6041'],
    ['TDENGINE_URL', 'http://root@hunter2:6041'],
    ['TDENGINE_URL', 'http://root:hunter2@td:6041/somewhere'],
    ['TDENGINE_URL', 'http://root:hunter2%zz@td:6041'],
    ['TDENGINE_URL', 'postgres://root:hunter2@td'],
  ])('refuses as %s %s, naming the setting and never its value', (name, value) => {
    const run = (): unknown => read(name, value);
    expect(run).toThrow(BadSettings);
    expect(run).toThrow(`${name} must be `);
    expect(run).not.toThrow(/hunter2/);
  });

  const natsUrl = (value: string): string =>
    parseSettings(ServiceSettings, { MANAGEMENT_PORT: '0', NATS_URL: value }).NATS_URL;

  it.each(['nats://127.0.0.1:4322', 'nats://one,nats://[::1]:4222'])('takes as NATS_URL %s', (value) => {
    expect(natsUrl(value)).toBe(value);
  });

  it.each(['nonsense', 'nats://', 'nats://:::', 'nats://h:99999', 'nats://a:b@h', 'nats://one,', 'nats://one/path'])(
    'refuses as NATS_URL %s',
    (value) => {
      expect(() => natsUrl(value)).toThrow('NATS_URL must be one or more nats://host:port');
    },
  );
});
