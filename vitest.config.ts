import { defineConfig } from 'vitest/config';

/**
 * Unit tests mirror `src/`; files named `*.api.test.ts` among them need a real API server.
 * Those of the history run on a real Postgres. Integration tests start whole programs, e2e tests run on a real node.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{lib,api,telemetry,control,coordinator,planner,kube,controller,runtime,emulator,standalone,admin,cli}/**/*.test.ts',
          ],
          exclude: ['**/*.api.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'api',
          include: ['test/**/*.api.test.ts'],
          globalSetup: 'test/cluster/setup/api-server.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'history',
          include: ['test/history/**/*.test.ts'],
          globalSetup: 'test/history/setup.ts',
          testTimeout: 60_000,
        },
      },
      { test: { name: 'gates', include: ['test/gates/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: 'test/browser/setup.ts',
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // A Postgres for each standalone is for those tests that are about it.
          env: { TENANTBOT_HISTORY: 'false' },
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // What the scenarios do all day is wait.
          maxConcurrency: 16,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/cluster/setup/node.ts',
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          // What the scenarios do all day is wait.
          maxConcurrency: 16,
        },
      },
    ],
  },
});
