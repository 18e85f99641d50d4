import { describe, expect, test } from 'vitest';
import { runForget } from '../../src/cli/commands/forget.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { startProgram } from '../support/program.ts';
import { TENANTBOT } from '../support/tenantbot.ts';
import { makeDatabase, migrateDatabase } from './databases.ts';
import { batch, NOON_MS, verification } from './writer/records.ts';
import { setStage } from './writer/stage.ts';

const WHO = 987_654_321;
const signal = AbortSignal.timeout(30_000);

/** What `tenantbot forget` prints for `url`. */
async function forget(url: string, user: string): Promise<string> {
  const lines: string[] = [];
  const io = { out: (line: string) => void lines.push(line), err: () => undefined };
  const clock = new AdjustableClock({ startWallMs: NOON_MS });
  const settings = { databaseUrl: new Secret(url), data: 'unused' };
  await runForget(settings, { user, actor: 'cli:me', clock }, { io, signal });
  return lines.join('\n');
}

describe('tenantbot forget', () => {
  test('takes a number out of all tenants’ rows, and tells of that without it', async () => {
    const { write, rows, database } = await setStage();
    const told = [
      verification(1, { userId: WHO }),
      verification(2, { userId: WHO, uid: 'uid-2' }),
      verification(3, { userId: WHO + 1 }),
    ];
    await write(batch(told));
    expect(await forget(database.url, String(WHO))).toMatch(/: 2 rows are nobody's now$/);
    // Told again it is forgotten still.
    await write(batch(told));
    expect(await rows('select user_id::int, outcome from verifications order by seq')).toEqual([
      { user_id: null, outcome: 'Verified' },
      { user_id: null, outcome: 'Verified' },
      { user_id: WHO + 1, outcome: 'Verified' },
    ]);
    expect(await forget(database.url, String(WHO))).toMatch(/: 0 rows are nobody's now$/);
    const audit = await rows('select actor, action, namespace, object, detail, at from audit_log');
    expect(audit).toEqual(
      [2, 0].map((count) => ({
        actor: 'cli:me',
        action: 'forget',
        namespace: null,
        object: null,
        detail: { verifications: count },
        at: new Date(NOON_MS),
      })),
    );
    for (const table of ['bots', 'transitions', 'verifications', 'audit_log']) {
      const found = await rows(
        `select 1 from ${table} t where t::text like '%${WHO}%' and t::text not like '%${WHO + 1}%'`,
      );
      expect({ table, found }).toEqual({ table, found: [] });
    }
  });

  test.each(['0', '-1', '1e9', 'all', '@durov', '1; drop table bots', '99999999999999999999', ''])(
    'refuses the user %j in words',
    async (user) => {
      await expect(forget('postgres://me@127.0.0.1:1/bots', user)).rejects.toThrow(
        '--user must be the number of a user at Telegram, such as 123456789; names are never kept',
      );
    },
  );

  test('refuses a database that is not of this version', async () => {
    const database = await makeDatabase();
    const words = 'bring it up to date with `tenantbot migrate` first';
    await expect(forget(database.url, '1')).rejects.toThrow(words);
    await migrateDatabase(database, { to: 1 });
    await expect(forget(database.url, '1')).rejects.toThrow(words);
  });

  test('is a command, which takes its database from the environment', async () => {
    const database = await makeDatabase();
    await migrateDatabase(database);
    const program = await startProgram([process.execPath, TENANTBOT, 'forget', '--user', '42'], {
      env: { TENANTBOT_DATABASE_URL: database.url },
    });
    const { code } = await program.exited;
    expect(program.output).toContain("0 rows are nobody's now");
    expect(code).toBe(0);
    const [entry] = await database.rows(
      "set tenantbot.namespaces = '*'; select actor from tenantbot.audit_log",
    );
    expect(entry?.['actor']).toMatch(/^cli:./);
  });
});
