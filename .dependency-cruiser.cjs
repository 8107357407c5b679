/** The layers of ARCHITECTURE.md as data. test/law provokes it once, so that it is known to bite. */
const floors = [
  ['kernel', 'validation', 'calendar'],
  ['contracts', 'config', 'secrets', 'telemetry'],
  ['identity'],
  ['bus', 'connection-pool', 'tiered-cache', 'health', 'edge'],
  ['service'],
];
const spec = '(\\.(spec|system-spec|e2e-spec|conformance)\\.ts$)|(^apps/[^/]+/test/)';

// A room may look down only. Two neighbours inside a floor are named: config opens secrets, contracts stand on validation.
const allowedNeighbours = { config: ['secrets'] };
const upward = floors.flatMap((floor, height) =>
  floor.map((lib) => {
    const forbidden = floors
      .slice(height)
      .flat()
      .filter((other) => other !== lib && !(allowedNeighbours[lib] ?? []).includes(other));
    return {
      name: `floor-${height}-${lib}`,
      comment: `${lib} sits on floor ${height}; it may only look down.`,
      severity: 'error',
      from: { path: `^libs/${lib}/src`, pathNot: spec },
      to: { path: `^libs/(${forbidden.join('|') || '$^'})/` },
    };
  }),
);

const door = (name, vendor, rooms) => ({
  name: `one-door-${name}`,
  comment: `${name} is reached only through ${rooms.join(', ')}.`,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: [...rooms.map((room) => `^${room}`), '^libs/testing/', spec] },
  to: { path: `node_modules/(${vendor})(/|$)` },
});

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'app-imports-app',
      comment: 'Services talk over the bus, never by import.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'lib-imports-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'deep-import',
      comment: 'A lib is entered through its src/index.ts, its conformance suites beside it.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: ['^libs/[^/]+/src/(index|[^/]+\\.conformance)\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'suites-are-for-specs',
      comment: 'A conformance suite is run by specs and is in no build.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: spec },
      to: { path: '\\.conformance\\.ts$' },
    },
    {
      name: 'testing-is-for-tests',
      comment: 'libs/testing starts servers and fakes: only specs, benches and tools may see it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/testing/', spec] },
      to: { path: '^libs/testing/' },
    },
    door('postgres', 'pg|pg-copy-streams|@nestjs/typeorm', ['libs/connection-pool/']),
    door('typeorm', 'typeorm', [
      'libs/connection-pool/',
      'apps/[^/]+/src/[^/]+/[^/]+\\.entity',
      'apps/[^/]+/src/migrations/',
    ]),
    door('tdengine', 'undici', ['libs/connection-pool/']),
    door('redis', 'ioredis|@socket.io/redis-adapter', ['libs/tiered-cache/', 'apps/realtime/src/connections/']),
    door('nats', '@nats-io/[^/]+', ['libs/bus/']),
    door('microservices', '@nestjs/microservices', ['libs/bus/', 'libs/service/']),
    door('telemetry', 'pino|prom-client|sonic-boom|@opentelemetry/[^/]+', ['libs/telemetry/']),
    door('validator', 'class-validator|class-transformer', ['libs/validation/']),
    door('jose', 'jose', ['libs/identity/', 'apps/auth/src/tokens/']),
    {
      name: 'handler-skips-service',
      comment: 'handler or controller -> service -> repository: nobody skips.',
      severity: 'error',
      from: { path: '^apps/.*\\.(handler|controller)\\.ts$' },
      to: { path: '^apps/.*\\.repository\\.ts$' },
    },
    {
      name: 'repository-looks-back',
      severity: 'error',
      from: { path: '^apps/.*\\.repository\\.ts$' },
      to: { path: '^apps/.*\\.(service|handler|controller)\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(apps|libs)/.*/src/',
        pathNot: ['\\.d\\.ts$', 'src/index\\.ts$', 'src/main\\.ts$'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      mainFields: ['main'],
    },
  },
};
