import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { BotDirectory } from '../../api/bot-directory.ts';
import { insertAudit } from '../audit.ts';
import { arrayLiteral } from '../writer/insert.ts';

const ROWS_A_BATCH = 5_000;

/** Marks live bots that `directory` does not know as deleted: nobody was there to tell. */
export async function markMissing(
  connection: Kysely<unknown>,
  directory: BotDirectory,
): Promise<void> {
  const { rows } = await sql<{ uid: string }>`
    select uid from bots where deleted_at is null
  `.execute(connection);
  const missing = rows.map(({ uid }) => uid).filter((uid) => !directory.find(uid));
  if (missing.length === 0) return;
  await sql`
    update bots set deleted_at = now()
    where deleted_at is null and uid = any (${arrayLiteral(missing)}::text[])
  `.execute(connection);
}

/** What the purge goes by. */
export interface PurgeOptions {
  /** Only bots that were deleted before. */
  readonly beforeMs: number;
  readonly nowMs: number;
  /** Bots that it knows stay, whatever the database says. */
  readonly directory: BotDirectory;
}

/**
 * Deletes bots that were deleted long ago, with all that is kept of them; the audit log has an entry
 * of each. Each bot is one transaction but for its snapshots, of which there may be many. Resolves to
 * how many bots there were.
 */
export async function purgeBots(
  connection: Kysely<unknown>,
  { beforeMs, nowMs, directory }: PurgeOptions,
  signal: AbortSignal,
): Promise<number> {
  const before = sql`to_timestamp(${beforeMs / 1_000}::float8)`;
  const { rows } = await sql<{ id: number; uid: string; namespace: string; name: string }>`
    select id, uid, namespace, name from bots where deleted_at < ${before}
  `.execute(connection);
  const gone = rows.filter(({ uid }) => !directory.find(uid));
  for (const { id, uid, namespace, name } of gone) {
    await deleteSnapshots(connection, id, signal);
    await connection.transaction().execute(async (step) => {
      const { numAffectedRows } = await sql`
        delete from bots where id = ${id} and deleted_at < ${before}
      `.execute(step);
      if (numAffectedRows !== 1n) return;
      await insertAudit(step, {
        id: randomUUID(),
        at: nowMs,
        actor: 'retention',
        action: 'purge',
        namespace,
        object: name,
        detail: { uid },
      });
    });
  }
  return gone.length;
}

/** Who writes snapshots waits while a bot is deleted: by then there are none of it. */
async function deleteSnapshots(
  connection: Kysely<unknown>,
  bot: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { numAffectedRows = 0n } = await sql`
      delete from health_snapshots where bot = ${bot} and (at, session, seq) in (
        select at, session, seq from health_snapshots where bot = ${bot} limit ${ROWS_A_BATCH}
      )`.execute(connection);
    if (numAffectedRows < ROWS_A_BATCH) return;
  }
}
