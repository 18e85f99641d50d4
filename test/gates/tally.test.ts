import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTally, type Tally } from '../support/tally.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantbot-tally-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the real runner over test files with this content and counts what its report says. */
function tallyOf(files: Record<string, string>): Tally {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const report = join(folder, 'report.json');
  const runner = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const args = ['run', '--root', folder, '--globals', '--reporter=json', `--outputFile=${report}`];
  const { status } = spawnSync(process.execPath, [runner, ...args], { cwd: folder });
  return readTally(report, status ?? 1);
}

describe('the tally of a run', () => {
  it('counts what passed, failed and was skipped', () => {
    const tests = `
      test('a', () => {});
      test('b', () => { throw new Error('no'); });
      test.skip('c', () => {});
      test.todo('d');
    `;
    expect(tallyOf({ 'a.test.js': tests })).toEqual({
      passed: 1,
      failed: 1,
      skipped: 2,
      failures: [`${join(folder, 'a.test.js')} > b`],
    });
  });

  it('counts a suite that does not load as failed', () => {
    const files = { 'a.test.js': `test('a', () => {});`, 'b.test.js': `throw new Error('no');` };
    expect(tallyOf(files)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      failures: [`${join(folder, 'b.test.js')} (did not load)`],
    });
  });

  it('counts a worker that dies as failed', () => {
    const tally = tallyOf({ 'a.test.js': `test('a', () => { process.kill(process.pid, 9); });` });
    expect(tally.failed).toBeGreaterThan(0);
  });

  it('counts an error behind the back of the tests as failed', () => {
    const late = `test('a', () => { Promise.reject(new Error('no')); });`;
    expect(tallyOf({ 'a.test.js': late })).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
  });

  it('counts a run without a test, and one without a report, as failed', () => {
    expect(tallyOf({})).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
    expect(readTally(join(folder, 'nowhere.json'), 0)).toMatchObject({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });
});
