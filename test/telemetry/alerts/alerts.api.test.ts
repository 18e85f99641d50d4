import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { promtool, RULES, testRules } from './promtool.ts';

// Beside the tests with an API server, since promtool is built as that is.

test('the rules are ones', async () => {
  expect(await promtool('check', 'rules', RULES)).toContain('SUCCESS');
});

test('every alert fires when it should, and not before', () => testRules());

test('a rule that never fires is noticed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rules-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'alerts.yaml');
  const rules = await readFile(RULES, 'utf8');
  await writeFile(file, rules.replace('tenantbot_heartbeats_overdue) > 0', 'nothing) > 0'));
  await expect(testRules(file)).rejects.toThrow('TenantbotIntakesSilent');
});
