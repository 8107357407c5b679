export { FakeBus, type Called, type Published } from './fakes/fake-bus.js';
export { FakeWire, type Carried } from './fakes/fake-wire.js';
export { FaultProxy } from './fakes/fault-proxy.js';
export { makeKeys, signToken, testKeys, type TestKeys, type TokenOptions } from './fakes/tokens.js';
export {
  realTdengineUrl,
  startTdengineStandIn,
  type TdengineFault,
  type TdengineStandIn,
} from './fakes/tdengine/tdengine-stand-in.js';
export { tokensOf as tdengineTokensOf } from './fakes/tdengine/parse/tokens.js';
export { freePort, portTaken } from './process/free-port.js';
export { ManagedProcess, type Exit, type Launch } from './process/managed-process.js';
export { isAlive, processTree } from './process/process-tree.js';
export { othersMayPass, removeDirectory, temporaryDirectory } from './process/temporary-directory.js';
export { sleep, waitFor, withoutWaiting, type Patience } from './process/wait-for.js';
export { startEtcd, type EtcdServer } from './servers/etcd.js';
export { startNats, type NatsOptions, type NatsServer } from './servers/nats.js';
export { startPostgres, type PostgresOptions, type PostgresServer } from './servers/postgres.js';
export { type PostgresNode } from './servers/postgres-node.js';
export { type PostgresPasswords } from './servers/postgres-cluster.js';
export { startRedis, type RedisOptions, type RedisServer } from './servers/redis.js';
export { type Place, type Server } from './servers/server.js';
export { startService, type ServiceName, type ServiceOptions, type StartedService } from './servers/service.js';
export { ServiceSessions } from './servers/service-sessions.js';
export { createAdministrator, login, type Account } from './system/accounts.js';
export { newSecrets, type SystemSecrets } from './system/secrets.js';
export { startSystem, type System, type SystemOptions, type SystemSettings } from './system/start-system.js';
export { allStarted, startSystemServers, type SystemServers } from './system/system-servers.js';
export { migrate, serviceEnvironment, serviceNames } from './system/system-services.js';
export { AddressedClient, type PostAnswer } from './workloads/addressed-client.js';
export { gb18030Bytes } from './workloads/gb18030.js';
export {
  askedBefore,
  fixedHitRates,
  hitRatesOf,
  optimalHitRates,
  type HitRates,
  type Replayed,
} from './workloads/hit-rates.js';
export { marketReads, type MarketReads, type MarketReadsOptions } from './workloads/market-reads.js';
export { haveMarketData } from './workloads/popularity.js';
export { recordedCases, recordedData } from './workloads/recorded-files.js';
