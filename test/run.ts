/**
 * `node test/run.ts check` runs the gates and the unit tests, `all` everything there is. Whatever
 * happens, what failed is named once more at the end, and the last line is `N passed, N failed, N skipped` for the whole run, and the exit code
 * is 0 only where nothing failed. Each gate counts as one test; a suite that does not load and a
 * runner that crashes count as failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTally, type Tally } from './support/tally.ts';

const GATES = [
  { name: 'format', command: ['biome', 'ci', '.'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '--project', '.'] },
  { name: 'types of the page', command: ['tsc', '--project', 'src/admin/page'] },
  { name: 'dead code', command: ['knip'] },
] as const;

/** Projects of vitest.config.ts that run one after the other, so that none starves the next. */
const SCOPES: Record<string, readonly string[]> = {
  check: ['unit'],
  all: ['unit', 'history', 'gates', 'api', 'browser', 'integration', 'e2e'],
};

const scope = process.argv[2] ?? 'all';
const projects = SCOPES[scope];
if (!projects) {
  console.error(
    `test/run.ts: unknown scope "${scope}"; say one of ${Object.keys(SCOPES).join(', ')}`,
  );
  process.exit(2);
}

const total: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };
for (const gate of GATES) {
  console.log(`\n— ${gate.name}: ${gate.command.join(' ')}`);
  const code = await run(gate.command);
  if (code === 0) total.passed++;
  else {
    total.failed++;
    total.failures.push(`${gate.name} (exit code ${code})`);
  }
}

for (const project of projects) {
  console.log(`\n— tests: ${project}`);
  const tests = await runVitest(['--project', project]);
  total.passed += tests.passed;
  total.failed += tests.failed;
  total.skipped += tests.skipped;
  total.failures.push(...tests.failures);
}

for (const failure of total.failures) console.log(`— failed: ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function runVitest(args: readonly string[]): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantbot-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const exitCode = await run(['vitest', 'run', ...args, ...reporters]);
    return readTally(report, exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of node_modules/.bin; resolves to its exit code, or 1 where a signal ended it. */
function run([program, ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const path = join(import.meta.dirname, '../node_modules/.bin', program ?? '');
    const child = spawn(path, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      console.log(`cannot run ${program}: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
