import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BotObject } from '../../src/admin/backend.ts';
import { type BotListOptions, listBots, SORT_KEYS, SORTS } from '../../src/admin/bot-list.ts';
import { type BotRow, botRow } from '../../src/admin/views/bot.ts';
import { BREAKER_STATES } from '../../src/api/breaker.ts';
import { HEALTH_STATES } from '../../src/api/health.ts';
import { PHASES } from '../../src/api/tenant-bot-status.ts';
import { botObject } from './support/memory-backend.ts';

const bot: fc.Arbitrary<BotObject> = fc
  .record({
    key: fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y', 'z', 'xy', 'yz', 'xyz')),
    health: fc.option(fc.constantFrom(...HEALTH_STATES)),
    breaker: fc.option(fc.constantFrom(...BREAKER_STATES)),
    phase: fc.constantFrom(...PHASES),
    username: fc.option(fc.constantFrom('XY_bot', 'zed_bot')),
    errors: fc.nat(3),
    latency: fc.nat(3),
    fleet: fc.constantFrom('default', 'other'),
  })
  .map(({ key, health, breaker, phase, username, errors, latency, fleet }) =>
    botObject(
      key.join('/'),
      {
        phase,
        counters: { updates: 3 - errors, handled: 0, skipped: 0, replies: 0, errors },
        ...(username !== null && { bot: { id: 1, username, name: username } }),
        ...(breaker !== null && { breaker: { state: breaker, failures: 0 } }),
        ...(health !== null && {
          health: {
            state: health,
            errorRate: errors,
            avgResponseMs: latency,
            consecutiveFailures: 0,
            rateLimited: 0,
          },
        }),
      },
      { spec: { fleet } },
    ),
  );

const bots = fc.uniqueArray(bot, { selector: ({ metadata }) => metadata.uid });

const options: fc.Arbitrary<Omit<BotListOptions, 'after'>> = fc.record({
  sort: fc.constantFrom(...SORTS),
  limit: fc.integer({ min: 1, max: 4 }),
  search: fc.option(fc.constantFrom('X', 'a/x', '@xy', 'zed', ''), { nil: undefined }),
  health: fc.option(fc.subarray([...HEALTH_STATES, 'Unknown' as const]), { nil: undefined }),
  breaker: fc.option(fc.subarray([...BREAKER_STATES, 'Unknown' as const]), { nil: undefined }),
  phase: fc.option(fc.subarray([...PHASES]), { nil: undefined }),
  fleet: fc.option(fc.constantFrom('default', 'none'), { nil: undefined }),
});

test('the pages together are what a person would pick and sort by hand', () => {
  fc.assert(
    fc.property(bots, options, (bots, options) => {
      expect(allPages(bots, options)).toEqual(byHand(bots.map(botRow), options));
    }),
    { numRuns: 500 },
  );
});

test('no bot comes twice, and none that stays is left out, whatever comes and goes between pages', () => {
  fc.assert(
    fc.property(bots, bots, fc.constantFrom(...SORTS), (before, after, sort) => {
      const first = listBots(before.map(botRow), { sort, limit: 3 });
      const rest = first.next === undefined ? [] : allPages(after, { sort, limit: 3 }, first.next);
      const same = after.filter((bot) => before.includes(bot));
      const shown = [...first.items, ...rest].map(({ namespace, name }) => `${namespace}/${name}`);
      const unchanged = shown.filter((key) => same.some(({ metadata }) => metadata.uid === key));
      expect(new Set(unchanged).size).toBe(unchanged.length);
      if (first.next !== undefined) {
        expect(unchanged).toEqual(expect.arrayContaining(same.map(({ metadata }) => metadata.uid)));
      }
    }),
  );
});

function allPages(
  bots: readonly BotObject[],
  options: Omit<BotListOptions, 'after'>,
  from?: string,
): BotRow[] {
  const rows: BotRow[] = [];
  let after = from;
  do {
    const page = listBots(bots.map(botRow), { ...options, after });
    expect(page.items.length).toBeLessThanOrEqual(options.limit);
    rows.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return rows;
}

/** Slow and plain. */
function byHand(rows: readonly BotRow[], options: Omit<BotListOptions, 'after'>): BotRow[] {
  const { sort } = options;
  const wanted = rows.filter((row) => isWanted(row, options));
  const isDown = sort.startsWith('-');
  const valueOf = SORT_KEYS[sort.replace('-', '') as keyof typeof SORT_KEYS];
  const names = wanted.toSorted((a, b) =>
    `${a.namespace} ${a.name}` < `${b.namespace} ${b.name}` ? -1 : 1,
  );
  const known = names.filter((row) => valueOf(row) !== null);
  const unknown = names.filter((row) => valueOf(row) === null);
  const sorted = known.toSorted((a, b) => {
    const [left, right] = [valueOf(a) as string | number, valueOf(b) as string | number];
    if (left === right) return 0;
    return left < right !== isDown ? -1 : 1;
  });
  return [...sorted, ...unknown];
}

function isWanted(row: BotRow, options: Omit<BotListOptions, 'after'>): boolean {
  const { search, health, breaker, phase, fleet } = options;
  const text = `${row.namespace}/${row.name}\n@${row.username ?? ''}`.toLowerCase();
  const passed = [
    search === undefined || text.includes(search.toLowerCase()),
    isAmong(health, row.health ?? 'Unknown'),
    isAmong(breaker, row.breaker ?? 'Unknown'),
    isAmong(phase, row.phase),
    fleet === undefined || row.fleet === fleet,
  ];
  return passed.every(Boolean);
}

function isAmong<Value>(wanted: readonly Value[] | undefined, value: Value): boolean {
  return wanted === undefined || wanted.includes(value);
}
