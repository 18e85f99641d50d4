import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** How many tests ended how. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

/**
 * Counts what vitest's JSON report at `path` says. A suite that failed without a failed test (it
 * did not load), a runner that ended badly without saying why, a report that is missing and a run
 * without a single test each count as one failure: never as fewer tests.
 */
export function readTally(path: string, exitCode: number): Tally {
  let report: z.output<typeof reportSchema>;
  try {
    report = reportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenSuites = report.testResults.filter(
    (suite) =>
      suite.status === 'failed' &&
      !suite.assertionResults.some((result) => result.status === 'failed'),
  ).length;
  const tally = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  const silentCrash = exitCode !== 0 && tally.failed === 0;
  const nothingRan = tally.passed + tally.failed + tally.skipped === 0;
  if (silentCrash || nothingRan) tally.failed++;
  return tally;
}
