import type { Kysely } from 'kysely';
import { openDatabase } from '../../history/database.ts';
import { inWords } from '../../history/database-errors.ts';
import { forgetUser } from '../../history/forget.ts';
import { type LedgerTables, readLedger, refuseStranger } from '../../history/migrations/ledger.ts';
import { MIGRATIONS } from '../../history/migrations/list.ts';
import { abortable } from '../../lib/abortable.ts';
import type { Clock } from '../../lib/clock.ts';
import { environmentError, inputError } from '../../lib/errors.ts';
import type { MigrateSettings } from '../migrate-settings.ts';
import { atHistoryDatabase } from './history-database.ts';
import type { Io } from './io.ts';

/** The leader sees all namespaces; so does this. */
const SETTINGS = { search_path: 'tenantbot, pg_temp', 'tenantbot.namespaces': '*' };

/** What `tenantbot forget` is asked for. */
export interface ForgetCommand {
  /** As it was typed. */
  readonly user: string;
  /** Who asks, for the audit log. */
  readonly actor: string;
  readonly clock: Clock;
}

/**
 * `tenantbot forget`: takes the number of a user of Telegram out of the history. Where no database
 * is given it is that in the data folder, as with `tenantbot migrate`.
 */
export async function runForget(
  settings: MigrateSettings,
  { user, actor, clock }: ForgetCommand,
  { io, signal }: { readonly io: Io; readonly signal: AbortSignal },
): Promise<void> {
  const request = { userId: parseUser(user), actor, at: clock.wallMs() };
  await atHistoryDatabase(settings, { clock, signal }, async (address) => {
    const database = await abortable(
      openDatabase<LedgerTables>(address, { max: 1, settings: SETTINGS }),
      signal,
    );
    try {
      await inWords(address.place, refuseOther(database));
      const rows = await inWords(address.place, forgetUser(database, request));
      io.out(`${address.place}: ${rows} ${rows === 1 ? 'row is' : 'rows are'} nobody's now`);
    } finally {
      await database.destroy();
    }
  });
}

/** Telegram's numbers of users are positive, and have no more than 52 bits. */
function parseUser(user: string): number {
  const id = Number(user);
  if (/^[0-9]+$/.test(user) && id > 0 && Number.isSafeInteger(id)) return id;
  throw inputError(
    'USER_INVALID',
    '--user must be the number of a user at Telegram, such as 123456789; names are never kept',
  );
}

async function refuseOther(database: Kysely<LedgerTables>): Promise<void> {
  const applied = await readLedger(database);
  refuseStranger(applied, MIGRATIONS);
  if (applied.length === MIGRATIONS.length) return;
  throw environmentError(
    'DATABASE_OLDER',
    'the database is of an earlier version; bring it up to date with `tenantbot migrate` first',
  );
}
