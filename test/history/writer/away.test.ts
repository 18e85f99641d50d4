import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../../src/history/database-address.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { waitFor } from '../../support/wait.ts';
import { batch, snapshot, transition } from './records.ts';
import { metric, setStage } from './stage.ts';

/** What happens to a database, how that is undone, and what is said meanwhile. */
interface Trouble {
  readonly what: string;
  readonly cause: (name: string) => string;
  readonly cure: (name: string) => string;
  readonly words: RegExp;
}

const KICK = 'select pg_terminate_backend(pid) from pg_stat_activity where usename =';

const TROUBLES: readonly Trouble[] = [
  {
    what: 'can only be read',
    cause: (name) => `alter role ${name} set default_transaction_read_only = on; ${KICK} '${name}'`,
    cure: (name) => `alter role ${name} reset default_transaction_read_only; ${KICK} '${name}'`,
    words: /it can only be read/,
  },
  {
    what: 'has no connection left',
    cause: (name) => `alter role ${name} connection limit 0; ${KICK} '${name}'`,
    cure: (name) => `alter role ${name} connection limit -1`,
    words: /it has no connection left/,
  },
  {
    what: 'has another password',
    cause: (name) => `alter role ${name} password 'other'; ${KICK} '${name}'`,
    cure: (name) => `alter role ${name} password 'secret-of-${name}'`,
    words: /it refuses the login/,
  },
  {
    what: 'lost a table by hand',
    cause: () => 'alter table tenantbot.transitions rename to elsewhere',
    cure: () => 'alter table tenantbot.elsewhere rename to transitions',
    words: /something of ours is missing there. Run `tenantbot migrate`/,
  },
  {
    what: 'has a full disk',
    cause: () =>
      `create function tenantbot.full() returns trigger language plpgsql as $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
       create trigger full_disk before insert on tenantbot.transitions execute function tenantbot.full()`,
    cure: () => 'drop trigger full_disk on tenantbot.transitions',
    words: /the server's disk is full/,
  },
];

describe('a database that', () => {
  test.each(TROUBLES)('$what is told of in words, and taken up again', async (trouble) => {
    const { database, write, rows, writer, registry } = await setStage();
    const { name } = database;
    const hurt = (statement: string) => database.rows(statement, 'superuser');
    const told = batch([snapshot(2), transition(3)]);
    await write(batch([snapshot(1)]));
    await hurt(trouble.cause(name));
    // Connections that broke are noticed one by one.
    await waitFor('the trouble', async () => {
      const failures = await Promise.allSettled([write(told), write(told)]);
      for (const failure of failures) {
        expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'HISTORY_AWAY' } });
      }
      return trouble.words.test(writer.available().message);
    });
    const { reason, message } = writer.available();
    expect(reason).toBe('Unavailable');
    expect(message).not.toContain('secret-of');
    expect(await metric(registry, 'tenantbot_history_failures_total')).toBeGreaterThan(0);
    await hurt(trouble.cure(name));
    await waitFor('the end of it', () => write(told).then(() => true));
    expect(writer.available()).toMatchObject({ reason: 'Kept' });
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 2 }]);
  });

  test('is not there is told of at once, and waited for by nobody', async () => {
    const url = `postgres://me:secret-of-me@127.0.0.1:${await freePort()}/history`;
    const { write, writer } = await setStage({
      address: async () => parseDatabaseUrl(new Secret(url)),
    });
    expect(writer.available()).toMatchObject({ reason: 'Unavailable' });
    const all = Array.from({ length: 20 }, (_, seq) => write(batch([snapshot(seq)])));
    for (const outcome of await Promise.allSettled(all)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'HISTORY_AWAY', message: expect.stringContaining('it does not answer') },
      });
    }
    expect(writer.available()).toMatchObject({ reason: 'Unavailable' });
    expect(writer.available().message).not.toContain('secret');
  });

  test('is slower than what comes is given no more than it can take', async () => {
    const { database, write, rows } = await setStage();
    await write(batch([snapshot(0)]));
    const lock = database.rows(
      'begin; lock tenantbot.health_snapshots in exclusive mode; select pg_sleep(1); commit',
    );
    const full = Array.from({ length: 1_000 }, (_, seq) => snapshot(seq));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, () => write(batch(full))),
    );
    await lock;
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(refused[0]).toMatchObject({ reason: { code: 'HISTORY_AWAY' } });
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 1_000 }]);
  });

  test('takes its time does not hold whoever gives up', async () => {
    const { database, writer, write, rows } = await setStage();
    await write(batch([]));
    const lock = database.rows(
      'begin; lock tenantbot.health_snapshots in exclusive mode; select pg_sleep(0.5); commit',
    );
    const given = new AbortController();
    const writing = writer.write(batch([snapshot(1)]), given.signal);
    given.abort(new Error('no longer'));
    await expect(writing).rejects.toThrow('no longer');
    await lock;
    await writer.close();
    expect(await rows('select count(*)::int as n from health_snapshots')).toEqual([{ n: 1 }]);
  });
});
