import { afterAll, beforeAll, expect, test } from 'vitest';
import { transitionList } from '../../../src/history/queries/transition-list.ts';
import { History, HOUR, MINUTE, NOW } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
  const bot = await history.bot('one');
  const other = await history.bot('one', 'b');
  await history.transitions(
    bot,
    { at: NOW - 30 * HOUR, from_state: null, to_state: 'Healthy', cause: null },
    { at: NOW - 2 * HOUR, kind: 'placement', from_state: null, to_state: 'default/0' },
    { at: NOW - HOUR, from_state: 'Healthy', to_state: 'Unhealthy', cause: 'it failed' },
    { at: NOW - HOUR, kind: 'breaker', from_state: 'Closed', to_state: 'Open' },
    { at: NOW - MINUTE, kind: 'placement', from_state: 'default/0', to_state: 'default/2' },
  );
  await history.transitions(other, { at: NOW - MINUTE, to_state: 'Degraded' });
});
afterAll(() => history.close());

const ask = (args: object, namespaces: '*' | string[] = '*') =>
  history.reader.ask(transitionList, namespaces, { namespace: 'a', name: 'one', ...args });

test('tells how states of a bot changed, the latest first', async () => {
  const { items } = await ask({ kinds: ['health', 'breaker'] });
  expect(items).toEqual([
    { at: at(HOUR), kind: 'breaker', from: 'Closed', to: 'Open', cause: null },
    { at: at(HOUR), kind: 'health', from: 'Healthy', to: 'Unhealthy', cause: 'it failed' },
  ]);
  expect((await ask({ kinds: ['placement'] })).items.map(({ to }) => to)).toEqual([
    'default/2',
    'default/0',
  ]);
  expect((await ask({ hours: 40, total: true, limit: 1 })).total).toBe(5);
});

test('pages hold each change once', async () => {
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await ask({ hours: 40, limit: 2, ...(after && { after }) });
    seen.push(...page.items.map(({ kind, to }) => `${kind} ${to}`));
    after = page.next;
  } while (after);
  expect(seen).toEqual([
    'placement default/2',
    'breaker Open',
    'health Unhealthy',
    'placement default/0',
    'health Healthy',
  ]);
});

test('of a bot that may not be seen there are none', async () => {
  expect((await ask({}, ['b'])).items).toEqual([]);
});

function at(agoMs: number): string {
  return new Date(NOW - agoMs).toISOString();
}
