import { describe, expect, test } from 'vitest';
import { batch, snapshot, transition } from './records.ts';
import { metric, setStage } from './stage.ts';

const BOTS = 'select uid, bot_id::int, deleted_at is null as live from bots order by uid';

describe('bots', () => {
  test('that nobody knows lose their records, and nobody else’s', async () => {
    const { write, rows, registry } = await setStage();
    await write(
      batch([snapshot(1, { uid: 'nobody' }), snapshot(2), snapshot(3, { uid: 'uid-2' })]),
    );
    expect(await rows('select seq::int from health_snapshots order by 1')).toEqual([
      { seq: 2 },
      { seq: 3 },
    ]);
    const unknown = { kind: 'snapshot', reason: 'unknown_bot' };
    expect(await metric(registry, 'tenantbot_history_dropped_total', unknown)).toBe(1);
  });

  test('that were deleted still get what comes late', async () => {
    const { write, rows, bots, writer } = await setStage();
    await write(batch([snapshot(1)]));
    bots.delete('uid-1');
    writer.botGone('uid-1');
    await write(batch([snapshot(2)]));
    expect(await rows(BOTS)).toEqual([{ uid: 'uid-1', bot_id: 1, live: false }]);
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 2 }]);
  });

  test('that come back under their uid live again', async () => {
    const { write, rows, bots, writer } = await setStage();
    await write(batch([snapshot(1)]));
    const bot = bots.get('uid-1');
    bots.delete('uid-1');
    writer.botGone('uid-1');
    await write(batch([snapshot(2)]));
    if (bot) bots.set('uid-1', bot);
    await write(batch([snapshot(3)]));
    expect(await rows(BOTS)).toEqual([{ uid: 'uid-1', bot_id: 1, live: true }]);
  });

  test('that are made anew under their name are others', async () => {
    const { write, rows, bots } = await setStage();
    await write(batch([snapshot(1)]));
    const bot = bots.get('uid-1');
    bots.delete('uid-1');
    if (bot) bots.set('uid-9', bot);
    await write(batch([snapshot(2, { uid: 'uid-9' })]));
    // The end of the first one was never told.
    expect(await rows(BOTS)).toEqual([
      { uid: 'uid-1', bot_id: 1, live: false },
      { uid: 'uid-9', bot_id: 1, live: true },
    ]);
  });

  test('get what their token check brings later, and keep it', async () => {
    const { write, rows, bots, another } = await setStage();
    bots.set('uid-1', { namespace: 'team-a', name: 'one' });
    await write(batch([snapshot(1)]));
    expect(await rows(BOTS)).toMatchObject([{ bot_id: null }]);
    bots.set('uid-1', { namespace: 'team-a', name: 'one', botId: 7, username: 'seven_bot' });
    await write(batch([snapshot(2)]));
    expect(await rows(BOTS)).toMatchObject([{ bot_id: 7 }]);
    bots.set('uid-1', { namespace: 'team-a', name: 'one' });
    await write(batch([snapshot(3)]), another({}));
    expect(await rows(BOTS)).toMatchObject([{ bot_id: 7 }]);
  });

  test('may change places', async () => {
    const { write, rows, bots } = await setStage();
    const both = (seq: number) => batch([snapshot(seq), snapshot(seq + 1, { uid: 'uid-2' })]);
    await write(both(1));
    bots.set('uid-1', { namespace: 'team-a', name: 'one', botId: 2 });
    bots.set('uid-2', { namespace: 'team-b', name: 'two', botId: 1 });
    await write(both(3));
    expect(await rows(BOTS)).toMatchObject([{ bot_id: 2 }, { bot_id: 1 }]);
  });

  test('that are one bot at Telegram: the second is told of, and holds up nobody', async () => {
    const { write, rows, bots, lines, writer } = await setStage();
    bots.set('uid-3', { namespace: 'team-c', name: 'three', botId: 1 });
    bots.set('uid-4', { namespace: 'team-d', name: 'four', botId: 4 });
    bots.set('uid-5', { namespace: 'team-e', name: 'five', botId: 4 });
    await write(batch([snapshot(1)]));
    const all = ['uid-2', 'uid-3', 'uid-4', 'uid-5'];
    await write(batch(all.map((uid, seq) => snapshot(seq, { uid }))));
    await write(batch(all.map((uid, seq) => transition(10 + seq, { uid }))));
    expect(await rows(BOTS)).toMatchObject([1, 2, null, 4, null].map((bot_id) => ({ bot_id })));
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 5 }]);
    const told = lines.filter((line) => line.includes('this very bot at Telegram'));
    expect(told.map((line) => (JSON.parse(line) as { bot: string }).bot)).toEqual([
      'team-c/three',
      'team-e/five',
    ]);
    // Once the first is gone, the bot is that of the second.
    bots.delete('uid-1');
    writer.botGone('uid-1');
    await write(batch([]));
    await write(batch([snapshot(5, { uid: 'uid-3' })]));
    expect(await rows('select bot_id::int from bots where uid = $$uid-3$$')).toEqual([
      { bot_id: 1 },
    ]);
  });

  test('that were taken away by hand are made anew', async () => {
    const { write, rows } = await setStage();
    await write(batch([snapshot(1), snapshot(2, { uid: 'uid-2' })]));
    await rows('delete from bots where uid = $$uid-1$$');
    await write(batch([snapshot(3), snapshot(4, { uid: 'uid-2' })]));
    expect(await rows('select seq::int from health_snapshots order by 1')).toEqual(
      [2, 3, 4].map((seq) => ({ seq })),
    );
  });
});

test('rows are seen by their namespace alone', async () => {
  const { write, database } = await setStage();
  await write(batch([snapshot(1), snapshot(2, { uid: 'uid-2' }), transition(3)]));
  const seen = async (namespaces: string) => {
    const [row] = await database.rows(
      `set tenantbot.namespaces = '${namespaces}'; select (select count(*) from tenantbot.health_snapshots)::int as snapshots, (select count(*) from tenantbot.transitions)::int as transitions`,
    );
    return row;
  };
  expect(await seen('team-a')).toEqual({ snapshots: 1, transitions: 1 });
  expect(await seen('team-b')).toEqual({ snapshots: 1, transitions: 0 });
  expect(await seen('')).toEqual({ snapshots: 0, transitions: 0 });
});
