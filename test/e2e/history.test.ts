import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEADER_LEASE } from '../../src/controller/rights.ts';
import { holderOf } from '../../src/kube/elector-record.ts';
import { itsAnswer } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE } from './support/installation.ts';
import { killProgram } from './support/kill.ts';
import { type PostgresPod, startPostgresPod } from './support/postgres-pod.ts';

const SOON = { timeoutMs: 90_000, intervalMs: 500 };
const SECRET = 'history-address';

describe('the history of a cluster', () => {
  let installation: Installation;
  let postgres: PostgresPod;
  beforeAll(async () => {
    installation = await Installation.open();
    postgres = await startPostgresPod(installation);
  });
  afterAll(async () => {
    await installation.upgrade();
    await installation.kubectl.run(...inSystem('delete', 'secret', SECRET, '--ignore-not-found'));
    await postgres[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
  });

  async function available(): Promise<string | undefined> {
    const { status } = await installation.kubectl.get(...inSystem('botfleet', 'default'));
    const found = status.conditions.find(
      ({ type }: { type: string }) => type === 'HistoryAvailable',
    );
    return found && `${found.status}/${found.reason}`;
  }

  /** What `query` finds, of all namespaces. */
  async function rows(query: string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client(postgres.localUrl);
    await client.connect();
    try {
      await client.query(`set tenantbot.namespaces = '*'; set search_path = tenantbot`);
      return (await client.query<Record<string, unknown>>(query)).rows;
    } finally {
      await client.end();
    }
  }

  it('is kept in the database that a Secret names, by whoever leads', async () => {
    const { kubectl, emulator } = installation;
    expect(await available()).toBe('False/NotConfigured');
    await kubectl.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: SECRET, namespace: OPERATOR_NAMESPACE },
        stringData: { url: postgres.url },
      },
    ]);
    await installation.upgrade(`history.databaseUrlSecretRef.name=${SECRET}`);
    await waitFor('the history', async () => (await available()) === 'True/Kept', SOON);

    await using tenant = await installation.tenant();
    const made = await installation.makeBot(tenant.name, 'recorded');
    await installation.ready(tenant.name, 'recorded');
    const says = (): Promise<string> =>
      itsAnswer(emulator, { bot: made.id, from: 'erin', text: '/start' });
    const handled = async (): Promise<number> => {
      const [found] = await rows(`
        select coalesce(sum(calls), 0)::int as n from usage_hourly join bots on bot = bots.id
        where name = 'recorded' and update_kind = 'message' and command = 'start' and outcome = 'handled'`);
      return Number(found?.['n']);
    };
    /** Has a word with the bot, and what it then has to tell told at once. */
    const talk = async (): Promise<void> => {
      expect(await says()).toBe('I am recorded');
      const now = `tenantbot.dev/persist=${Date.now()}`;
      await kubectl.run('-n', tenant.name, 'annotate', 'tenantbot', 'recorded', now, '--overwrite');
    };
    // Runtimes that were told that there is no history ask again a minute later.
    await waitFor(
      'what was said',
      async () => {
        await talk();
        return (await handled()) > 0;
      },
      { timeoutMs: 120_000, intervalMs: 2_000 },
    );
    // Which it tells with its next start.
    await kubectl.run(
      '-n',
      tenant.name,
      'annotate',
      'tenantbot',
      'recorded',
      'tenantbot.dev/restart=1',
    );
    expect(
      await rows(`select namespace, bot_id, username from bots where name = 'recorded'`),
    ).toEqual([{ namespace: tenant.name, bot_id: String(made.id), username: made.username }]);
    const states = (): Promise<readonly unknown[]> =>
      rows(`
        select kind, to_state as "to" from transitions join bots on bot = bots.id
        where name = 'recorded' order by at`);
    await waitFor(
      'its states',
      async () => {
        const told = await states();
        expect(told).toContainEqual({ kind: 'placement', to: 'default/0' });
        expect(told).toContainEqual({ kind: 'lifecycle', to: 'Running' });
        return true;
      },
      SOON,
    );

    const before = await handled();
    const [held] = await rows('select term from leader_term');
    const lease = await kubectl.get(...inSystem('lease', LEADER_LEASE));
    await killProgram(installation, holderOf(lease)?.split('_')[0] ?? '');
    await waitFor(
      'the next leader to write',
      async () => {
        const [after] = await rows('select term from leader_term');
        return Number(after?.['term']) > Number(held?.['term']);
      },
      SOON,
    );
    await talk();
    await waitFor('what was said since', async () => (await handled()) > before, SOON);
    expect(await available()).toBe('True/Kept');

    await kubectl.run('-n', tenant.name, 'delete', 'tenantbot', 'recorded');
    const gone = `select deleted_at is not null as gone from bots where name = 'recorded'`;
    await waitFor('the end of the bot', async () => (await rows(gone))[0]?.['gone'] === true, SOON);
  });
});
