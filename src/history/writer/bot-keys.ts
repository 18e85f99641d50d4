import { type QueryExecutorProvider, sql } from 'kysely';
import type { BotDirectory, KnownBot } from '../../api/bot-directory.ts';
import { arrayLiteral } from './insert.ts';
import type { BotIds } from './row.ts';

/** A bot as the database has it. */
export interface KeptBot {
  readonly id: number;
  /** What was known when it was written; undefined where nobody knew it any longer. */
  readonly known: KnownBot | undefined;
  /** Its bot id is that of another live bot, and it has none here. */
  readonly isShared: boolean;
}

/** What a transaction found; {@link BotKeys.keep} is told once it is committed. */
export interface FoundBots {
  readonly ids: BotIds;
  /** Those that were written or looked up. */
  readonly changed: ReadonlyMap<string, KeptBot>;
}

/** The keys of bots in the database, as far as they were needed. */
export class BotKeys {
  readonly #directory: BotDirectory;
  readonly #kept = new Map<string, KeptBot>();

  constructor(directory: BotDirectory) {
    this.#directory = directory;
  }

  /**
   * Keys of `uids`, as far as directory or database know them. Bots that are new or known otherwise
   * than before are written.
   */
  async find(database: QueryExecutorProvider, uids: Iterable<string>): Promise<FoundBots> {
    const ids = new Map<string, number>();
    const told = new Map<string, KnownBot>();
    const gone: string[] = [];
    for (const uid of uids) {
      const kept = this.#kept.get(uid);
      const known = this.#directory.find(uid);
      if (kept && (!known || isSame(kept.known, known))) ids.set(uid, kept.id);
      else if (known) told.set(uid, known);
      else gone.push(uid);
    }
    const written = await upsertBots(database, told);
    const there = await readBots(database, gone);
    const changed = new Map<string, KeptBot>();
    for (const { uid, id, bot_id } of [...written, ...there]) {
      const known = told.get(uid);
      const isShared = known?.botId !== undefined && bot_id === null;
      ids.set(uid, id);
      changed.set(uid, { id, known, isShared });
    }
    return { ids, changed };
  }

  /** What {@link find} wrote is there for good. */
  keep({ changed }: FoundBots): void {
    for (const [uid, bot] of changed) this.#kept.set(uid, bot);
  }

  /** Those bots are gone; one of the others may have waited for the bot id of one of them. */
  drop(uids: readonly string[]): void {
    if (uids.length === 0) return;
    for (const uid of uids) this.#kept.delete(uid);
    for (const [uid, { isShared }] of this.#kept) if (isShared) this.#kept.delete(uid);
  }

  /** Looks everything up again. */
  forget(): void {
    this.#kept.clear();
  }
}

/** A token that was not checked yet says nothing of the bot. */
function isSame(kept: KnownBot | undefined, known: KnownBot): boolean {
  return (
    kept?.name === known.name &&
    kept.namespace === known.namespace &&
    kept.botId === (known.botId ?? kept.botId) &&
    kept.username === (known.username ?? kept.username)
  );
}

interface BotRow {
  readonly uid: string;
  readonly id: number;
  /** As the driver reads a bigint. */
  readonly bot_id: string | null;
}

/**
 * Writes bots that are there. One that had the same name is gone, whether or not anybody said so.
 * A bot id that another live bot has stays with that one.
 */
async function upsertBots(
  database: QueryExecutorProvider,
  bots: ReadonlyMap<string, KnownBot>,
): Promise<readonly BotRow[]> {
  if (bots.size === 0) return [];
  const known = [...bots.values()];
  const told = sql`unnest(
    ${arrayLiteral([...bots.keys()])}::text[],
    ${arrayLiteral(known.map(({ namespace }) => namespace))}::text[],
    ${arrayLiteral(known.map(({ name }) => name))}::text[],
    ${arrayLiteral(known.map(({ botId }) => botId))}::bigint[],
    ${arrayLiteral(known.map(({ username }) => username))}::text[]
  ) as told (uid, namespace, name, bot_id, username)`;
  await sql`
    update bots set deleted_at = now() from ${told}
    where bots.deleted_at is null and bots.namespace = told.namespace and bots.name = told.name
      and bots.uid <> told.uid`.execute(database);
  // Two bots may have changed places.
  await sql`
    update bots set bot_id = null from ${told}
    where bots.uid = told.uid and bots.bot_id <> told.bot_id`.execute(database);
  const { rows } = await sql<BotRow>`
    insert into bots as kept (uid, namespace, name, bot_id, username)
    select uid, namespace, name,
      case when row_number() over (partition by bot_id order by uid) = 1 and not exists (
        select from bots other
        where other.bot_id = told.bot_id and other.deleted_at is null and other.uid <> told.uid
      ) then bot_id end,
      username
    from ${told}
    on conflict (uid) do update set
      namespace = excluded.namespace, name = excluded.name, deleted_at = null,
      bot_id = coalesce(excluded.bot_id, case when kept.deleted_at is null then kept.bot_id end),
      username = coalesce(excluded.username, kept.username)
    returning uid, id, bot_id`.execute(database);
  return rows;
}

async function readBots(
  database: QueryExecutorProvider,
  uids: readonly string[],
): Promise<readonly BotRow[]> {
  if (uids.length === 0) return [];
  const { rows } = await sql<BotRow>`
    select uid, id, bot_id from bots where uid = any (${arrayLiteral(uids)}::text[])
  `.execute(database);
  return rows;
}
