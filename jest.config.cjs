/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // lib, too: files outside of the roots are missing from the coverage when no test loads them.
  roots: ['<rootDir>/test', '<rootDir>/lib'],
  testRegex: 'test/.*\\.spec\\.ts$',
  // tsconfig.json has isolatedModules: types are checked by `tsc`, not here.
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }],
    // An ES module, which node loads with require() by itself, and jest does not.
    '/node_modules/jose/.+\\.js$': [
      'ts-jest',
      { tsconfig: { module: 'commonjs', target: 'es2023', allowJs: true, isolatedModules: true } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nestjs-tenancy$': '<rootDir>/lib/index.ts',
    '^nestjs-tenancy/bullmq$': '<rootDir>/lib/queue/index.ts',
    '^nestjs-tenancy/(.+)$': '<rootDir>/lib/$1/index.ts',
  },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // All workers share one MariaDB and one MySQL with 151 connections each, whatever the number of cores.
  maxWorkers: 2,
  // Modules of finished spec files stay in a worker's memory: over 2 GB by the end of a run.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 60_000,
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageThreshold: { global: { lines: 90, branches: 85 } },
};
