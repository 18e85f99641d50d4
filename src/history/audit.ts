import { type QueryExecutorProvider, sql } from 'kysely';

/** That somebody did something. Holds nothing of a user of a bot, and no secret. */
export interface AuditEntry {
  /** Unique: told again it is the same entry. */
  readonly id: string;
  /** ms since 1970. */
  readonly at: number;
  /** Who did it: a user of Kubernetes, a command, or a part of this program. */
  readonly actor: string;
  /** What was done, in one word. */
  readonly action: string;
  /** To what, where it belongs to a namespace. */
  readonly namespace?: string;
  readonly object?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes `entry` unless it is there. Its month is made where it is missing. */
export async function insertAudit(
  database: QueryExecutorProvider,
  { id, at, actor, action, namespace, object, detail }: AuditEntry,
): Promise<void> {
  const time = sql`to_timestamp(${at / 1_000}::float8)`;
  await sql`select ensure_audit_month((${time} at time zone 'UTC')::date)`.execute(database);
  await sql`
    insert into audit_log (at, id, actor, action, namespace, object, detail)
    values (${time}, ${id}, ${actor}, ${action}, ${namespace ?? null}, ${object ?? null},
      ${detail ? JSON.stringify(detail) : null}::jsonb)
    on conflict do nothing`.execute(database);
}
