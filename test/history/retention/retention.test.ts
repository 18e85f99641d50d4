import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RETENTION } from '../../../src/history/retention/retention-days.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { batch, NOON_MS, snapshot } from '../writer/records.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { setOldStage, YOUNG } from './stage.ts';

const DAY_MS = 86_400_000;
const signal = AbortSignal.timeout(120_000);
const PURGED = `select object, detail ->> 'uid' as uid from audit_log where action = 'purge' order by 2`;
const BOTH = [
  { object: 'gone', uid: 'uid-gone' },
  { object: 'gone', uid: 'uid-gone-2' },
];

describe('retention', () => {
  test('lets go of what is too old, of each table by itself, and of deleted bots', async () => {
    const { fill, left, retention, rows } = await setOldStage();
    await fill();
    expect(await retention().run(signal)).toBe(true);
    expect(await left()).toEqual(YOUNG);
    expect(await rows(PURGED)).toEqual(BOTH);
    const days = { ...DEFAULT_RETENTION, usage: 20, audit: 20, deletedBots: 5 };
    expect(await retention({ days }).run(signal)).toBe(true);
    expect(await left()).toEqual({
      ...YOUNG,
      bots: ['uid-1', 'uid-back'],
      usage_hourly: [1],
      audit_log: [1],
    });
  });

  test('makes the days ahead, which writers then find there', async () => {
    const { retention, rows } = await setOldStage();
    await retention().run(signal);
    const made = await rows(
      "select relname::text as name from pg_class where relkind = 'r' and relname ~ '_2026(01|02)' order by 1",
    );
    expect(made.map(({ name }) => name)).toEqual([
      'audit_log_202601',
      'audit_log_202602',
      ...['20260131', '20260201', '20260202', '20260203'].map((day) => `health_snapshots_${day}`),
    ]);
  });

  test('is done by one at a time', async () => {
    const { fill, left, retention } = await setOldStage();
    await fill();
    const ran = await Promise.all(Array.from({ length: 4 }, () => retention().run(signal)));
    expect(ran).toContain(true);
    await waitFor('the end of it', () => retention().run(signal));
    expect(await left()).toEqual(YOUNG);
  });

  test('is done each hour', async () => {
    const { fill, retention, rows, bots } = await setOldStage();
    await fill();
    const clock = new AdjustableClock({ startWallMs: NOON_MS });
    const end = new AbortController();
    const ended = retention({ clock }).start(end.signal);
    const days = async () =>
      (
        await rows(
          "select 1 from pg_class where relkind = 'r' and relname < 'health_snapshots_20260131' and relname > 'health_snapshots_2'",
        )
      ).length;
    const live = async () => (await rows('select 1 from bots where deleted_at is null')).length;
    await waitFor('the first run', async () => clock.pendingTimers === 1 && (await days()) === 2);
    // Who is there is not known at once.
    bots.clear();
    expect(await live()).toBe(1);
    for (let hour = 0; hour < 36; hour++) {
      clock.advance(3_600_000);
      await waitFor('the next run', () => clock.pendingTimers === 1);
    }
    expect(await days()).toBe(1);
    expect(await live()).toBe(0);
    end.abort();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    ['snapshots', 8],
    ['audit', 0],
    ['usage', Number.NaN],
    ['transitions', 1e9],
    ['deletedBots', 0],
  ])('refuses to keep %s for %d days', async (what, count) => {
    const { retention } = await setOldStage();
    const days = { ...DEFAULT_RETENTION, [what]: count };
    expect(() => retention({ days })).toThrow(
      new RegExp(`the retention of ${what} must be from \\d to 3650 days, not ${count}`),
    );
  });
});

describe('retention that is killed', () => {
  test('at any step is taken up by the next one', async () => {
    const { fill, left, retention, rows, database } = await setOldStage();
    const proxy = await startCuttingProxy(database.url);
    let steps = 0;
    for (let isCut = true; isCut; steps++) {
      await fill();
      proxy.cutAfter(steps);
      await retention({ address: async () => proxy.address })
        .run(signal)
        .catch(() => undefined);
      isCut = proxy.isCut;
      // The server may still be at what it was told last.
      await waitFor('the lock', () => retention().run(signal));
      expect.soft(await left(), `after ${steps} messages`).toEqual(YOUNG);
      const purged = await rows(`${PURGED} limit 2`);
      expect(purged.map(({ object }) => object)).toEqual(['gone', 'gone']);
      const [{ n } = {}] = await rows(
        "select count(*)::int as n from audit_log where action = 'purge'",
      );
      expect(n, `after ${steps} messages`).toBe(2 * (steps + 1));
    }
    expect(steps).toBeGreaterThan(40);
  }, 120_000);

  test('while a day waits for its last reader leaves it half-detached; the next one ends that', async () => {
    const { fill, left, retention, database, rows } = await setOldStage();
    await fill();
    const reader = openReader(database);
    const running = retention()
      .run(signal)
      .catch(() => undefined);
    const pending = 'select 1 from pg_inherits where inhdetachpending';
    await waitFor('a half-detached day', async () => (await rows(pending)).length === 1);
    await database.rows(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%detach partition%' and pid <> pg_backend_pid()",
      'superuser',
    );
    await running;
    expect(await rows(pending)).toHaveLength(1);
    await (await reader)();
    expect(await retention().run(signal)).toBe(true);
    expect(await left()).toEqual(YOUNG);
  });
});

describe('while a day is let go of', () => {
  test('nobody who writes waits for longer than a second, whoever reads', async () => {
    const { fill, left, retention, database, write, lines } = await setOldStage();
    await fill();
    const closeReader = await openReader(database);
    // One of the bots alone, which holds up nothing.
    const closeOther = await openReader(database, 'select count(*) from bots');
    const running = retention().run(signal);
    let longestMs = 0;
    let seq = 0;
    const writeFor = async (forMs: number): Promise<void> => {
      const untilMs = performance.now() + forMs;
      while (performance.now() < untilMs) {
        const begunMs = performance.now();
        // Also to days that nobody has made yet.
        const at = NOON_MS - (seq % 8) * DAY_MS;
        await write(batch([snapshot(seq++, { at, uid: seq % 2 ? 'uid-1' : 'uid-2' })]));
        longestMs = Math.max(longestMs, performance.now() - begunMs);
      }
    };
    await writeFor(3_000);
    await closeReader();
    await writeFor(3_000);
    await closeOther();
    await running;
    await waitFor('the end of it', () => retention().run(signal));
    expect(await left()).toMatchObject({
      days: expect.not.arrayContaining(['health_snapshots_20251229']),
    });
    expect(longestMs).toBeLessThan(1_000);
    expect(seq).toBeGreaterThan(50);
    expect(lines.join('\n')).not.toContain('deadlock');
  }, 60_000);
});

/** Somebody who has read and does not end his transaction until told to. */
async function openReader(
  { url }: { readonly url: string },
  query = 'select count(*) from health_snapshots',
): Promise<() => Promise<void>> {
  const client = new Client(url);
  await client.connect();
  await client.query("set search_path = tenantbot; set tenantbot.namespaces = '*'");
  await client.query('begin isolation level repeatable read');
  await client.query(query);
  return () => client.end();
}
