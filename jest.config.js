/** Unit tests sit beside the code; everything that starts a real server is `system`. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      swcrc: false,
      sourceMaps: 'inline',
      jsc: {
        target: 'es2024',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
    },
  ],
};

const shared = {
  transform,
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  modulePathIgnorePatterns: ['/dist/', '/\\.stack/'],
  setupFiles: ['reflect-metadata'],
};

export default {
  maxWorkers: 2,
  // A limit for what hangs, not a promise of speed: two cores are shared with the servers under test.
  testTimeout: 60_000,
  reporters: [['default', { summaryThreshold: 1 }], '<rootDir>/tools/jest-summary.mjs'],
  projects: [
    {
      ...shared,
      displayName: 'unit',
      roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
      testMatch: ['**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'system',
      roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
      testMatch: ['**/*.e2e-spec.ts', '**/*.system-spec.ts', '<rootDir>/test/**/*.spec.ts'],
    },
  ],
};
