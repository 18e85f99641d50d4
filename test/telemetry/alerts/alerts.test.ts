import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALERT_CASES } from './cases.ts';
import { RULES } from './promtool.ts';

const RUNBOOKS = join(import.meta.dirname, '../../../docs/runbooks');

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

test('every alert is tried, and nothing else is', () => {
  expect(new Set(ALERT_CASES.map(({ alert }) => alert))).toEqual(
    new Set(rules.map(({ alert }) => alert)),
  );
});

test.each(rules)('$alert says what is so, and where to read what to do', (rule) => {
  const { alert, labels, annotations } = rule;
  expect(['critical', 'warning', 'info']).toContain(labels.severity);
  expect(annotations).toMatchObject({
    summary: expect.stringMatching(/\.$/) as string,
    description: expect.stringMatching(/\.$/) as string,
    runbook_url: `docs/runbooks/${alert}.md`,
  });
  const page = readFileSync(join(RUNBOOKS, `${alert}.md`), 'utf8');
  expect(page).toMatch(new RegExp(`^# ${alert}\n[\\s\\S]+\n## Look\n- [\\s\\S]+\n## Do\n- `));
});

test('every page is of an alert', () => {
  const pages = readdirSync(RUNBOOKS).map((file) => file.replace(/\.md$/, ''));
  expect(new Set(pages)).toEqual(new Set(rules.map(({ alert }) => alert)));
});

test('links between pages lead somewhere', () => {
  for (const file of readdirSync(RUNBOOKS)) {
    const page = readFileSync(join(RUNBOOKS, file), 'utf8');
    for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      expect(readdirSync(RUNBOOKS)).toContain(target);
    }
  }
});
