/** The layers of ARCHITECTURE.md as data. test/law breaks each rule once to see that it is found. */
const layers = [
  ['kernel', 'validation', 'calendar'],
  ['contracts', 'config', 'secrets', 'telemetry'],
  ['identity'],
  ['bus', 'connection-pool', 'tiered-cache', 'health', 'edge'],
  ['service'],
];
const spec = '(\\.(spec|system-spec|e2e-spec|conformance)\\.ts$)|(^apps/[^/]+/test/)';

// A package imports from lower layers only. The exception inside a layer: config imports secrets.
const allowedInLayer = { config: ['secrets'] };
const upward = layers.flatMap((layer, height) =>
  layer.map((lib) => {
    const forbidden = layers
      .slice(height)
      .flat()
      .filter((other) => other !== lib && !(allowedInLayer[lib] ?? []).includes(other));
    return {
      name: `layer-${height}-${lib}`,
      comment: `${lib} is in layer ${height} and imports from lower layers only.`,
      severity: 'error',
      from: { path: `^libs/${lib}/src`, pathNot: spec },
      to: { path: `^libs/(${forbidden.join('|') || '$^'})/` },
    };
  }),
);

const onlyIn = (name, vendor, places) => ({
  name: `only-in-one-place-${name}`,
  comment: `${name} is imported only in ${places.join(', ')}.`,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: [...places.map((place) => `^${place}`), '^libs/testing/', spec] },
  to: { path: `node_modules/(${vendor})(/|$)` },
});

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'app-imports-app',
      comment: 'Services call each other over the bus, never by import.',
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
      comment: 'A package is imported through its src/index.ts, or one of the conformance suites beside it.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: ['^libs/[^/]+/src/(index|[^/]+\\.conformance)\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'suites-are-for-specs',
      comment: 'Only specs import a conformance suite; it is in no build.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: spec },
      to: { path: '\\.conformance\\.ts$' },
    },
    {
      name: 'testing-is-for-tests',
      comment: 'libs/testing starts servers and fakes: only specs, benches and tools may import it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/testing/', spec] },
      to: { path: '^libs/testing/' },
    },
    onlyIn('postgres', 'pg|pg-copy-streams|@nestjs/typeorm', ['libs/connection-pool/']),
    onlyIn('typeorm', 'typeorm', [
      'libs/connection-pool/',
      'apps/[^/]+/src/[^/]+/[^/]+\\.entity',
      'apps/[^/]+/src/migrations/',
    ]),
    onlyIn('tdengine', 'undici', ['libs/connection-pool/']),
    onlyIn('redis', 'ioredis|@socket.io/redis-adapter', ['libs/tiered-cache/', 'apps/realtime/src/connections/']),
    onlyIn('nats', '@nats-io/[^/]+', ['libs/bus/']),
    onlyIn('microservices', '@nestjs/microservices', ['libs/bus/', 'libs/service/']),
    onlyIn('telemetry', 'pino|prom-client|sonic-boom|@opentelemetry/[^/]+', ['libs/telemetry/']),
    onlyIn('validator', 'class-validator|class-transformer', ['libs/validation/']),
    onlyIn('jose', 'jose', ['libs/identity/', 'apps/auth/src/tokens/']),
    {
      name: 'handler-skips-service',
      comment: 'A handler or controller calls a service, and only a service calls a repository.',
      severity: 'error',
      from: { path: '^apps/.*\\.(handler|controller)\\.ts$' },
      to: { path: '^apps/.*\\.repository\\.ts$' },
    },
    {
      name: 'repository-imports-back',
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
