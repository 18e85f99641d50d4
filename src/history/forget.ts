import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { insertAudit } from './audit.ts';

/** Whose number is to go, and who asks for it. */
export interface ForgetRequest {
  /** Of the user at Telegram. */
  readonly userId: number;
  readonly actor: string;
  /** ms since 1970. */
  readonly at: number;
}

/**
 * Takes the number of a user out of all that is kept, and resolves to how many rows had it. They
 * stay, as those of nobody. The audit log tells that somebody was forgotten and in how many rows;
 * nothing in it was made of the number, since whatever is made of ten digits can be tried out. The
 * connection sees all namespaces.
 */
export async function forgetUser<Tables>(
  database: Kysely<Tables>,
  { userId, actor, at }: ForgetRequest,
): Promise<number> {
  return database.transaction().execute(async (step) => {
    const { numAffectedRows = 0n } = await sql`
      update verifications set user_id = null where user_id = ${userId}
    `.execute(step);
    const rows = Number(numAffectedRows);
    const detail = { verifications: rows };
    await insertAudit(step, { id: randomUUID(), at, actor, action: 'forget', detail });
    return rows;
  });
}
