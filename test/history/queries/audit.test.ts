import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditSearch } from '../../../src/history/queries/audit-search.ts';
import { DAY, History, MINUTE, NOW } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
  await history.run("select ensure_audit_month('2026-01-01')");
  const entry = {
    at: NOW,
    actor: 'ann',
    action: 'forget',
    namespace: 'a',
    object: 'shop',
    detail: null,
  };
  await history.insert('audit_log', entry, [
    { at: NOW - DAY, detail: { user: 7 } },
    { at: NOW - 3 * MINUTE, actor: 'annette', object: 'greeter' },
    { at: NOW - 2 * MINUTE, actor: 'Ann', namespace: 'b' },
    { at: NOW - MINUTE, actor: 'bob', action: 'annul', namespace: null, object: null },
    { actor: 'zoë', object: 'an.other', action: 'purge' },
  ]);
});
afterAll(() => history.close());

const actors = async (args: object, namespaces: '*' | readonly string[] = '*') => {
  const { items } = await history.reader.ask(auditSearch, namespaces, args);
  return items.map(({ actor }) => actor);
};

test('what begins with a text is found, in actor, action and object', async () => {
  expect(await actors({ text: 'ann' })).toEqual(['bob', 'annette', 'ann']);
  expect(await actors({ text: 'an.' })).toEqual(['zoë']);
  expect(await actors({ text: 'zoë' })).toEqual(['zoë']);
  expect(await actors({ text: 'n' })).toEqual([]);
  expect(await actors({ text: '%' })).toEqual([]);
  expect(await actors({ text: 'purge' })).toEqual(['zoë']);
});

test('times bound it, the end left out', async () => {
  const at = (ms: number) => new Date(NOW - ms).toISOString();
  expect(await actors({ since: at(3 * MINUTE), until: at(MINUTE) })).toEqual(['Ann', 'annette']);
  expect(await actors({ until: '2026-01-30T14:00:00+01:00' })).toEqual(['ann']);
});

test('what belongs to no namespace is for those who may see all', async () => {
  expect(await actors({}, ['a', 'b'])).toEqual(['zoë', 'Ann', 'annette', 'ann']);
  expect(await actors({ namespace: 'b' }, ['a', 'b'])).toEqual(['Ann']);
  expect(await actors({ namespace: 'b' }, ['a'])).toEqual([]);
});

test('all of an entry, page by page', async () => {
  const seen = [];
  for (let after: string | undefined; ; ) {
    const args = { limit: 2, total: true, ...(after && { after }) };
    const page = await history.reader.ask(auditSearch, '*', args);
    expect(page.total).toBe(5);
    seen.push(...page.items);
    after = page.next;
    if (after === undefined) break;
  }
  expect(seen.map(({ actor }) => actor)).toEqual(['zoë', 'bob', 'Ann', 'annette', 'ann']);
  expect(seen.at(-1)).toEqual({
    at: '2026-01-30T12:00:00.000Z',
    actor: 'ann',
    action: 'forget',
    namespace: 'a',
    object: 'shop',
    detail: { user: 7 },
  });
});
