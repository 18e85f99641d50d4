import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Incident, incidents } from '../../../src/history/queries/incidents.ts';
import { DAY, History, HOUR, MINUTE, NOW } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
});
afterAll(() => history.close());

const ask = (args: Parameters<typeof history.reader.ask<typeof incidents.args, unknown>>[2]) =>
  history.reader.ask(incidents, '*', args);
const iso = (ms: number): string => new Date(ms).toISOString();

test('have begin and end, the worst that it came to and why, and errors', async () => {
  const bot = await history.bot('told');
  const at = (minutes: number) => NOW - minutes * MINUTE;
  await history.snapshots(
    bot,
    { at: at(70), errors: 5 },
    { at: at(50), errors: 20 },
    { at: at(38), errors: 25 },
    { at: at(14), errors: 40 },
  );
  await history.transitions(
    bot,
    { at: at(60), to_state: 'Degraded', cause: '20 % failed' },
    { at: at(55), to_state: 'Unhealthy', cause: '5 failed in a row' },
    { at: at(50), to_state: 'Degraded', cause: 'better' },
    { at: at(40), to_state: 'Healthy' },
    { at: at(20), to_state: 'Degraded', cause: 'again' },
    { at: at(19), kind: 'breaker', to_state: 'HalfOpen', cause: 'tries' },
    { at: at(18), kind: 'breaker', to_state: 'Open', cause: 'failed' },
    { at: at(17), kind: 'token', to_state: 'Revoked' },
    { at: at(16), kind: 'token', to_state: 'Valid' },
    { at: at(65), kind: 'token', to_state: 'UnknownError', cause: 'not checked yet' },
    { at: at(15), kind: 'placement', to_state: 'default/1' },
    { at: at(14), kind: 'lifecycle', to_state: 'Crashed' },
  );
  const { items } = await ask({ namespace: 'a', name: 'told' });
  const rest = { namespace: 'a', name: 'told' };
  expect(items).toEqual([
    {
      ...rest,
      kind: 'token',
      begin: iso(at(17)),
      end: iso(at(16)),
      worst: 'Revoked',
      cause: null,
      errors: 15,
    },
    {
      ...rest,
      kind: 'breaker',
      begin: iso(at(19)),
      end: null,
      worst: 'Open',
      cause: 'failed',
      errors: 15,
    },
    {
      ...rest,
      kind: 'health',
      begin: iso(at(20)),
      end: null,
      worst: 'Degraded',
      cause: 'again',
      errors: 15,
    },
    {
      ...rest,
      kind: 'health',
      begin: iso(at(60)),
      end: iso(at(40)),
      worst: 'Unhealthy',
      cause: '5 failed in a row',
      errors: 20,
    },
  ]);
  const open = await ask({ namespace: 'a', name: 'told', open: true, kinds: ['health'] });
  expect(open.items).toEqual([items[2]]);
});

test('end when a bot is suspended or deleted', async () => {
  const suspended = await history.bot('suspended');
  const deleted = await history.bot('deleted', 'a', {
    created_at: NOW - DAY,
    deleted_at: NOW - HOUR,
  });
  const long = await history.bot('long-gone', 'a', {
    created_at: NOW - 9 * DAY,
    deleted_at: NOW - 5 * DAY,
  });
  await history.transitions(
    suspended,
    { at: NOW - 2 * HOUR, to_state: 'Unhealthy' },
    { at: NOW - HOUR, to_state: 'Suspended' },
  );
  await history.transitions(deleted, { at: NOW - 2 * HOUR, to_state: 'Unhealthy' });
  await history.transitions(long, { at: NOW - 6 * DAY, to_state: 'Unhealthy' });
  for (const name of ['suspended', 'deleted']) {
    const { items } = await ask({ namespace: 'a', name });
    expect(items.map(({ end }) => end)).toEqual([iso(NOW - HOUR)]);
    expect((await ask({ namespace: 'a', name, open: true })).items).toEqual([]);
    expect((await ask({ namespace: 'a', name, open: true, hours: 1 })).items).toEqual([]);
  }
  expect((await ask({ namespace: 'a', name: 'long-gone' })).items).toEqual([]);
});

interface Change {
  readonly bot: number;
  readonly kind: 'health' | 'breaker';
  readonly ms: number;
  readonly to: string;
}

const STATES = {
  health: ['Healthy', 'Degraded', 'Unhealthy', 'Suspended'],
  breaker: ['Closed', 'Open', 'HalfOpen'],
} as const;

/** What {@link incidents} is to find in `changes`, which are in order, one by one. */
function byHand(changes: readonly Change[], hours: number) {
  const since = NOW - hours * HOUR;
  const found: Pick<Incident, 'name' | 'kind' | 'begin' | 'end' | 'worst'>[] = [];
  for (const bot of [0, 1, 2]) {
    for (const kind of ['health', 'breaker'] as const) {
      let now: { begin: number; worst: string } | undefined;
      const add = (end: number | null): void => {
        if (!now || now.begin > NOW || (end !== null && end < since)) return;
        const { begin, worst } = now;
        const times = { begin: iso(begin), end: end === null ? null : iso(end) };
        found.push({ name: String(bot), kind, ...times, worst });
      };
      for (const { ms, to } of changes.filter((one) => one.bot === bot && one.kind === kind)) {
        if (['Healthy', 'Suspended', 'Closed'].includes(to)) {
          add(ms);
          now = undefined;
        } else {
          now ??= { begin: ms, worst: to };
          if (['Unhealthy', 'Open'].includes(to)) now.worst = to;
        }
      }
      add(null);
    }
  }
  return found;
}

test('are what going through all changes one by one finds, page by page', async () => {
  const change = fc
    .tuple(
      fc.nat({ max: 2 }),
      fc.constantFrom('health' as const, 'breaker' as const),
      fc.integer({ min: -60, max: 5 }),
      fc.nat({ max: 3 }),
    )
    .map(([bot, kind, hour, state]): Change => {
      const to = STATES[kind][state % STATES[kind].length] ?? '';
      return { bot, kind, ms: NOW + hour * HOUR, to };
    });
  let runs = 0;
  const property = fc.asyncProperty(
    fc.array(change, { maxLength: 60 }),
    fc.integer({ min: 1, max: 72 }),
    fc.integer({ min: 1, max: 5 }),
    async (unordered, hours, limit) => {
      const changes = unordered.toSorted((one, other) => one.ms - other.ms);
      const namespace = `random-${runs++}`;
      const bots: number[] = [];
      for (const name of ['0', '1', '2']) bots.push(await history.bot(name, namespace));
      const rows = changes.map(({ bot, kind, ms, to }) => {
        return { bot: bots[bot], kind, at: ms, to_state: to };
      });
      if (rows.length > 0) await history.transitions(0, ...rows);
      const seen: Incident[] = [];
      let total: number | undefined;
      for (let after: string | undefined; ; ) {
        const page = await ask({ namespace, hours, limit, total: true, ...(after && { after }) });
        seen.push(...page.items);
        total ??= page.total;
        expect(page.total).toBe(total);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        after = page.next;
        if (after === undefined) break;
      }
      const begins = seen.map(({ begin }) => begin);
      expect(begins).toEqual(begins.toSorted().toReversed());
      const plain = seen.map(({ name, kind, begin, end, worst }) => ({
        name,
        kind,
        begin,
        end,
        worst,
      }));
      const order = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).toSorted();
      expect(order(plain)).toEqual(order(byHand(changes, hours)));
      expect(total).toBe(seen.length);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});
