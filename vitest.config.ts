import { defineConfig } from 'vitest/config';

/** Unit tests mirror `src/`; integration tests start whole programs. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{lib,api,telemetry,control,runtime,emulator,standalone,cli}/**/*.test.ts',
          ],
          testTimeout: 15_000,
        },
      },
      { test: { name: 'gates', include: ['test/gates/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
