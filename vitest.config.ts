import { defineConfig } from 'vitest/config';

/** Tests that start processes of their own (the service, PostgreSQL): no shared database under them. */
const ofProcesses = [
  'apps/server/src/platform/postgres/**/*.test.ts',
  'apps/server/test/process/**/*.test.ts',
];
const ofServer = ['apps/server/src/**/*.test.ts', 'apps/server/test/**/*.test.ts'];
const ofValkey = ['apps/server/test/valkey/**/*.test.ts'];
/**
 * What is waited for comes late on a busy machine, and is as good then: these only end what hangs. A bound that is promised stands in
 * its test.
 */
const patience = (seconds: number) => ({
  testTimeout: seconds * 1000,
  hookTimeout: seconds * 1000,
  expect: { poll: { timeout: 30_000 } },
});
const onDatabase = {
  globalSetup: ['apps/server/test/database.setup.ts'],
  ...patience(180),
  // Files keep nothing in modules, so that a worker loads the server once: a third of the time.
  isolate: false,
};

export default defineConfig({
  test: {
    // Two cores: more files at once would only wait for each other.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'apps/console/**/*.test.{ts,tsx}', 'scripts/**/*.test.mjs'],
          // Some start programs, and on a busy machine the five seconds of the default are not theirs.
          ...patience(120),
        },
      },
      { test: { name: 'process', include: ofProcesses, ...patience(300) } },
      { test: { name: 'server', include: ofServer, exclude: [...ofProcesses, ...ofValkey], ...onDatabase } },
      // What bench/run.mjs measures in the server of the tests; times are no tests, and no suite runs it.
      {
        test: {
          name: 'measure',
          include: ['apps/server/test/measure/**/*.measure.ts'],
          ...onDatabase,
          testTimeout: 600_000,
        },
      },
      // Limits counted in a Valkey or Redis of the machine (scripts/wide.mjs).
      { test: { name: 'valkey', include: ofValkey, ...onDatabase } },
      // The same on a PostgreSQL that is given: the oldest that is supported (scripts/wide.mjs).
      {
        test: { name: 'database', include: ofServer, exclude: [...ofProcesses, ...ofValkey], ...onDatabase },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.test.ts'],
          ...patience(300),
        },
      },
    ],
  },
});
