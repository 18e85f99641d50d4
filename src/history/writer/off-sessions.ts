import { type QueryExecutorProvider, sql } from 'kysely';
import type { SnapshotRecord } from '../../api/history-records.ts';
import { LruMap } from '../../lib/lru-map.ts';
import { arrayLiteral } from './insert.ts';
import type { Row } from './row.ts';

/** More than any fleet has shards; what is forgotten is looked up again. */
const REMEMBERED = 4_096;

/**
 * Which sessions have snapshots with a time that was corrected. A record of theirs that is told
 * again may come out at another time than before, so that the table's key does not find it.
 */
export class OffSessions {
  #known = new LruMap<string, boolean>(REMEMBERED);

  /** Those of the sessions of `rows`, what `rows` bring included. */
  async among(
    database: QueryExecutorProvider,
    rows: readonly Row<SnapshotRecord>[],
  ): Promise<ReadonlySet<string>> {
    const sessions = [...new Set(rows.map(({ session }) => session))];
    const off = new Set(rows.flatMap(({ session, clockOff }) => (clockOff ? [session] : [])));
    const unknown = sessions.filter((session) => this.#known.get(session) === undefined);
    if (unknown.length > 0) await this.#lookUp(database, unknown);
    for (const session of sessions) if (this.#known.get(session) === true) off.add(session);
    return off;
  }

  /** What {@link among} said of `sessions` was written for good. */
  keep(sessions: Iterable<string>): void {
    for (const session of sessions) this.#known.set(session, true);
  }

  /** Looks everything up again. */
  forget(): void {
    this.#known = new LruMap(REMEMBERED);
  }

  async #lookUp(database: QueryExecutorProvider, sessions: readonly string[]): Promise<void> {
    const { rows } = await sql<{ session: string; off: boolean }>`
      select session, exists (
        select from health_snapshots where clock_off and health_snapshots.session = asked.session
      ) as off
      from unnest(${arrayLiteral(sessions)}::text[]) as asked (session)
    `.execute(database);
    for (const { session, off } of rows) this.#known.set(session, off);
  }
}
