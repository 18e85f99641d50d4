import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { batch, NOON_MS, snapshot, transition } from './records.ts';
import { setStage } from './stage.ts';

const COUNT = 'select count(*)::int as n from health_snapshots';

describe('a leader that was deposed', () => {
  test('writes nothing more, and is told so', async () => {
    const { write, rows, another } = await setStage({ term: 4 });
    const [old, next] = [another({ term: 4 }), another({ term: 5 })];
    await write(batch([snapshot(1)]), old);
    await write(batch([]), next);
    const refusal = 'the leader of term 5 writes it, and this one is of term 4';
    await expect(write(batch([snapshot(2), transition(3)]), old)).rejects.toMatchObject({
      code: 'HISTORY_AWAY',
      message: expect.stringContaining(refusal),
    });
    expect(old.available()).toEqual({
      reason: 'Unavailable',
      message: expect.stringContaining(refusal),
    });
    const entry = { id: randomUUID(), at: NOON_MS, actor: 'me', action: 'test' };
    await expect(old.audit(entry, AbortSignal.timeout(9_000))).rejects.toThrow(refusal);
    await next.audit(entry, AbortSignal.timeout(9_000));
    await next.audit(entry, AbortSignal.timeout(9_000));
    expect(await rows(COUNT)).toEqual([{ n: 1 }]);
    expect(await rows('select count(*)::int as n from transitions')).toEqual([{ n: 0 }]);
    expect(await rows('select actor, at from audit_log')).toEqual([
      { actor: 'me', at: new Date(NOON_MS) },
    ]);
  });

  test('leaves nothing of a batch that it was at', async () => {
    const { write, rows, another } = await setStage();
    const [old, next] = [another({ term: 1 }), another({ term: 2 })];
    await write(batch([]), old);
    // The next leader is in the midst of a transaction.
    const held = rows('begin; select hold_term(2); select pg_sleep(0.3); commit');
    await waitFor('the next one', async () => {
      const asleep = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
      return (await rows(`${asleep} and datname = current_database()`)).length > 0;
    });
    const late = write(batch([snapshot(1)]), old);
    await expect(late).rejects.toThrow('the leader of term 2 writes it');
    await held;
    await write(batch([snapshot(2)]), next);
    expect(await rows('select seq::int from health_snapshots')).toEqual([{ seq: 2 }]);
  });

  test('is the one before, where terms are not given', async () => {
    const { write, rows, another } = await setStage();
    const [old, next] = [another({}), another({})];
    await old.audit(
      { id: randomUUID(), at: NOON_MS, actor: 'a', action: 'b' },
      AbortSignal.timeout(9_000),
    );
    await write(batch([snapshot(1)]), old);
    await write(batch([snapshot(2)]), next);
    await write(batch([snapshot(3)]), next);
    await expect(write(batch([snapshot(4)]), old)).rejects.toThrow('of term 2 writes it');
    expect(await rows(COUNT)).toEqual([{ n: 3 }]);
    expect(await rows('select term::int from leader_term')).toEqual([{ term: 2 }]);
  });
});
