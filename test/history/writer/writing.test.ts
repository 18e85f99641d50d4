import { describe, expect, test } from 'vitest';
import {
  batch,
  error,
  HOUR_MS,
  NOON_MS,
  snapshot,
  transition,
  usage,
  verification,
} from './records.ts';
import { metric, setStage } from './stage.ts';

const TABLES = [
  'health_snapshots',
  'transitions',
  'verifications',
  'usage_hourly',
  'errors_hourly',
];
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;

describe('what is written', () => {
  test('is what was told', async () => {
    const { write, rows } = await setStage();
    await write(batch([snapshot(1), transition(2), verification(3), usage(4), error(5)]));
    expect(await rows('select * from health_snapshots')).toEqual([
      {
        bot: 1,
        at: new Date(NOON_MS),
        session: 'session-1',
        seq: '1',
        clock_off: false,
        health: 'Healthy',
        breaker: 'Closed',
        error_percent: 0,
        avg_response_ms: 40,
        consecutive_failures: 0,
        rate_limited: '0',
        updates: '10',
        handled: '9',
        replies: '8',
        errors: '1',
        restarts: 0,
      },
    ]);
    expect(await rows('select * from transitions')).toEqual([
      {
        bot: 1,
        at: new Date(NOON_MS),
        session: 'session-1',
        seq: '2',
        clock_off: false,
        kind: 'health',
        from_state: 'Healthy',
        to_state: 'Degraded',
        cause: '25 % failed',
      },
    ]);
    expect(await rows('select * from verifications')).toEqual([
      {
        bot: 1,
        at: new Date(NOON_MS),
        session: 'session-1',
        seq: '3',
        clock_off: false,
        outcome: 'Verified',
        user_id: '4711',
      },
    ]);
    expect(await rows('select * from usage_hourly')).toEqual([
      {
        bot: 1,
        hour: new Date(NOON_MS),
        session: 'session-1',
        method: 'sendMessage',
        command: '',
        update_kind: '',
        chat_kind: '',
        outcome: 'ok',
        calls: '4',
        latency_buckets: ['0', '0', '0', '4', ...Array.from({ length: 9 }, () => '0')],
      },
    ]);
    expect(await rows('select * from errors_hourly')).toEqual([
      {
        bot: 1,
        hour: new Date(NOON_MS),
        session: 'session-1',
        errors: '5',
        fingerprint: 'fingerprint',
        sample: 'a handler failed',
      },
    ]);
    expect(await rows('select uid, namespace, name, bot_id, username from bots')).toEqual([
      { uid: 'uid-1', namespace: 'team-a', name: 'one', bot_id: '1', username: 'one_bot' },
    ]);
  });

  test('is there once, told a hundred times', async () => {
    const { write, rows, registry } = await setStage();
    const told = batch([snapshot(1), transition(2), verification(3), usage(4), error(5)]);
    await Promise.all(Array.from({ length: 50 }, () => write(told)));
    for (let time = 0; time < 50; time++) await write(told);
    for (const table of TABLES) {
      expect.soft(await rows(`select count(*)::int as n from ${table}`), table).toEqual([{ n: 1 }]);
      const written = await metric(registry, 'tenantbot_history_rows_total', { table });
      expect.soft(written, table).toBe(1);
    }
    expect(await metric(registry, 'tenantbot_history_batches_total')).toBe(100);
  });

  test('holds what was said, SQL and all, and no null character', async () => {
    const { write, rows } = await setStage();
    const texts = [
      `'); drop table tenantbot.bots; --`,
      String.raw`{"a",NULL,\"b\"} \ $1 %s`,
      'null',
      'zwei\nZeilen\t🤖',
      'nothing\0there',
    ];
    await write(
      batch(
        texts.flatMap((text, seq) => [
          transition(seq, { from: text, to: text, cause: text }),
          error(1, { fingerprint: text, sample: text }),
          usage(1, { method: text, command: text, updateKind: text, chatKind: text }),
        ]),
        { session: `'; drop table "x"; {\\` },
      ),
    );
    const kept = texts.map((text) => text.replace('\0', '\uFFFD'));
    expect(
      await rows('select from_state as a, to_state as b, cause as c from transitions order by seq'),
    ).toEqual(kept.map((text) => ({ a: text, b: text, c: text })));
    const methods = await rows('select method from usage_hourly where method = chat_kind');
    expect(new Set(methods.map(({ method }) => method))).toEqual(new Set(kept));
    const samples = await rows('select sample from errors_hourly where sample = fingerprint');
    expect(samples).toHaveLength(kept.length);
  });

  test('goes by hours: the most that a session has counted', async () => {
    const { write, rows } = await setStage();
    const other = { session: 'session-2' };
    await write(batch([usage(5), error(3)]));
    await write(batch([usage(2), usage(9), usage(7), error(1)]));
    await write(batch([usage(4), error(6)], other));
    await write(batch([usage(1, { hour: NOON_MS - HOUR_MS })]));
    const sums =
      'select extract(hour from hour at time zone $$UTC$$)::int as h, session, calls, latency_buckets[4] as l from usage_hourly order by 1, 2';
    expect(await rows(sums)).toEqual([
      { h: 11, session: 'session-1', calls: '1', l: '1' },
      { h: 12, session: 'session-1', calls: '9', l: '9' },
      { h: 12, session: 'session-2', calls: '4', l: '4' },
    ]);
    expect(await rows('select sum(errors)::int as n from errors_hourly')).toEqual([{ n: 9 }]);
  });

  test('goes to days that are not there yet, and to late ones', async () => {
    const { write, rows } = await setStage();
    const days = [0, 1, 5, 7].map((ago, seq) => snapshot(seq, { at: NOON_MS - ago * DAY_MS }));
    await write(batch(days));
    const there = await rows(
      `select tableoid::regclass::text as day from health_snapshots order by 1`,
    );
    expect(there.map(({ day }) => day)).toEqual(
      ['20260124', '20260126', '20260130', '20260131'].map((day) => `health_snapshots_${day}`),
    );
  });
});

describe('a record that says what can not be', () => {
  test.each([
    ['NaN', snapshot(2, { errorPercent: Number.NaN })],
    ['an infinite time', snapshot(2, { avgResponseMs: Number.POSITIVE_INFINITY })],
    ['a count below 0', snapshot(2, { updates: -1 })],
    ['a share above 100', snapshot(2, { errorPercent: 101 })],
    ['more than a bigint', snapshot(2, { updates: 1e300 })],
    ['half a failure', snapshot(2, { consecutiveFailures: 0.5 })],
    ['a state that there is not', transition(2, { of: 'mood' as 'health' })],
    ['a text without end', error(1, { sample: 'a'.repeat(1_025) })],
    ['an hour that is none', usage(1, { hour: NOON_MS + 1 })],
    ['nothing', { kind: 'snapshot' } as never],
  ])('goes alone: %s', async (_what, bad) => {
    const { write, rows, registry, writer } = await setStage();
    await write(batch([snapshot(1), bad, snapshot(3)]));
    expect(await rows('select seq from health_snapshots order by seq')).toEqual([
      { seq: '1' },
      { seq: '3' },
    ]);
    const invalid = { kind: bad.kind, reason: 'invalid' };
    expect(await metric(registry, 'tenantbot_history_dropped_total', invalid)).toBe(1);
    expect(writer.available()).toMatchObject({ reason: 'RecordsDropped' });
  });

  test('goes alone where only the database knows, among thousands of others', async () => {
    const { write, rows, registry, lines, database } = await setStage();
    await database.rows(
      'alter table tenantbot.health_snapshots add constraint mean check (seq not in (3, 1500, 1501))',
    );
    const told = Array.from({ length: 2_000 }, (_, seq) => snapshot(seq));
    const half = (from: number) => batch(told.slice(from, from + 1_000));
    await Promise.all([write(half(0)), write(half(1_000)), write(batch([transition(7_000)]))]);
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 1_997 }]);
    expect(await rows('select count(*)::int as n from transitions')).toEqual([{ n: 1 }]);
    const refused = { kind: 'snapshot', reason: 'refused' };
    expect(await metric(registry, 'tenantbot_history_dropped_total', refused)).toBe(3);
    expect(lines.join('\n')).toContain('the database refuses records for what they say');
  });

  test('is told of by its sender, once, where it gave way to others', async () => {
    const { write, registry, another } = await setStage();
    const dropped = (of: number) => batch([], { dropped: { snapshot: of } });
    for (const of of [3, 3, 5]) await write(dropped(of));
    await write({ ...dropped(2), session: 'session-2' });
    const overflow = { kind: 'snapshot', reason: 'overflow' };
    expect(await metric(registry, 'tenantbot_history_dropped_total', overflow)).toBe(7);
    const fresh = another({});
    await write(batch([]), fresh);
    expect(fresh.available()).toMatchObject({ reason: 'Kept' });
  });
});

describe('a clock', () => {
  const times = 'select at, clock_off from health_snapshots order by seq';

  test.each([
    ['a year ahead', 365 * DAY_MS],
    ['a year behind', -365 * DAY_MS],
    ['an hour ahead', HOUR_MS],
    ['ten seconds behind', -10_000],
    ['as wrong as it gets', -NOON_MS - 1e13],
  ])('that is %s is set right and flagged', async (_how, offMs) => {
    const { write, rows } = await setStage();
    const at = NOON_MS + offMs;
    const told = batch([snapshot(1, { at: at - MINUTE_MS }), transition(2, { at })], { at });
    await write(told);
    expect(await rows(times)).toEqual([{ at: new Date(NOON_MS - MINUTE_MS), clock_off: true }]);
    expect(await rows('select at, clock_off from transitions')).toEqual([
      { at: new Date(NOON_MS), clock_off: true },
    ]);
  });

  test('that is off by seconds is taken as it is', async () => {
    const { write, rows } = await setStage();
    const at = NOON_MS + 4_000;
    await write(batch([snapshot(1, { at })], { at }));
    expect(await rows(times)).toEqual([{ at: new Date(at), clock_off: false }]);
  });

  test('that jumped can not take a record out of bounds', async () => {
    const { write, rows } = await setStage();
    const [past, future] = [NOON_MS - 400 * DAY_MS, NOON_MS + 400 * DAY_MS];
    await write(batch([snapshot(1, { at: past }), snapshot(2, { at: future })]));
    expect(await rows(times)).toEqual([
      { at: new Date(NOON_MS - 8 * DAY_MS), clock_off: true },
      { at: new Date(NOON_MS + MINUTE_MS), clock_off: true },
    ]);
  });

  test('that is off, differently each time, makes nothing come twice', async () => {
    const { write, rows, clock, another } = await setStage();
    const told = [snapshot(1), snapshot(2, { at: NOON_MS - 1 }), snapshot(2, { uid: 'uid-2' })];
    const send = (offMs: number, writer?: ReturnType<typeof another>) =>
      write(batch(told, { at: clock.wallMs() + offMs }), writer);
    // At first it seems right; then it is off by ever more, and at last right again.
    for (const offMs of [4_900, 5_100, 60_000, -400 * DAY_MS, 0]) {
      await send(offMs);
      clock.advance(7_000);
    }
    const [fresh, later] = [another({}), another({})];
    await send(90_000, fresh);
    await send(0, fresh);
    await send(0, later);
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 3 }]);
    // The same where it was off at first.
    const more = [snapshot(3), snapshot(4)];
    for (const offMs of [DAY_MS, 0, 30_000, 0]) {
      await write(batch(more, { session: 'session-2', at: clock.wallMs() + offMs }), later);
      clock.advance(1_000);
    }
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 5 }]);
  });

  test.each([
    ['five and a half hours behind', -5.5 * HOUR_MS, 18],
    ['45 minutes ahead', 0.75 * HOUR_MS, 11],
    ['10 minutes ahead', HOUR_MS / 6, 12],
    ['a year ahead', 365 * DAY_MS, 12],
  ])('that is %s counts for one hour', async (_how, offMs, hour) => {
    const { write, rows, clock } = await setStage();
    for (const latencyMs of [0, 40, 3]) {
      clock.advance(latencyMs);
      const at = NOON_MS + offMs;
      // Its records are of the hour in which it stands.
      const told = offMs === 365 * DAY_MS ? NOON_MS + offMs : NOON_MS;
      await write(batch([usage(3, { hour: told }), error(2, { hour: told })], { at }));
    }
    const hours = 'select extract(hour from hour at time zone $$UTC$$)::int as h';
    for (const table of ['usage_hourly', 'errors_hourly']) {
      const there = await rows(`${hours} from ${table}`);
      expect(there).toEqual(hour <= 13 ? [{ h: hour }] : []);
    }
  });

  test('hours that can not be are dropped, not added to others', async () => {
    const { write, rows, registry } = await setStage();
    const hours = [-9 * 24, -8 * 24, 0, 1, 2].map((h) => NOON_MS + h * HOUR_MS);
    await write(batch(hours.map((hour) => usage(1, { hour }))));
    expect(await rows('select hour from usage_hourly order by 1')).toEqual(
      hours.slice(1, 4).map((hour) => ({ hour: new Date(hour) })),
    );
    const late = { kind: 'usage', reason: 'time' };
    expect(await metric(registry, 'tenantbot_history_dropped_total', late)).toBe(2);
  });
});
