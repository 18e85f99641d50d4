import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** How many tests ended how. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, a line each. */
  failures: string[];
}

const reportSchema = z.object({
  numPassedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
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
    return { passed: 0, failed: 1, skipped: 0, failures: ['a run that left no report'] };
  }
  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((result) => result.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [`${name} (did not load)`];
    return failed.map(({ fullName }) => `${name} > ${fullName}`);
  });
  const skipped = report.numPendingTests + report.numTodoTests;
  if (exitCode !== 0 && failures.length === 0) failures.push('an error that no test owns up to');
  if (report.numPassedTests + failures.length + skipped === 0) failures.push('a run of no tests');
  return { passed: report.numPassedTests, failed: failures.length, skipped, failures };
}
