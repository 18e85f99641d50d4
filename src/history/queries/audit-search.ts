import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { moment, searchText } from './arguments.ts';
import { exactTime, iso } from './fragments.ts';
import { namespaceName, within } from './namespaces.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** Who changed what. */
export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  /** Null for what belongs to none: only those see it who may see all namespaces. */
  readonly namespace: string | null;
  readonly object: string | null;
  readonly detail: unknown;
}

/** Entries of the audit log, the latest first. */
export const auditSearch = historyQuery({
  name: 'audit search',
  args: z.strictObject({
    namespace: namespaceName.optional(),
    /** How actor, action or object begins; upper and lower case are different. */
    text: searchText(256).optional(),
    since: moment.optional(),
    until: moment.optional(),
    ...paging(z.tuple([z.iso.datetime(), z.uuid()])),
  }),
  async run(asking, { namespace, text, since, until, after, ...args }): Promise<Page<AuditEntry>> {
    const { rows } = await sql<Keyed<AuditEntry>>`
      with found as (
        select *, ${totalOf(args)} as total from audit_log
        where ${within(asking.namespaces, 'namespace')}
          and ${given(namespace, (name) => sql`namespace = ${name}`)}
          and ${given(text, beginsWith)}
          and ${given(since, (at) => sql`at >= ${at}::timestamptz`)}
          and ${given(until, (at) => sql`at < ${at}::timestamptz`)}
      )
      select total, json_build_array(${exactTime('at')}, id) as key,
        json_build_object('at', ${iso('at')}, 'actor', actor, 'action', action,
          'namespace', namespace, 'object', object, 'detail', detail) as item
      from found
      where ${given(after, ([at, id]) => sql`(at, id) < (${at}::timestamptz, ${id}::uuid)`)}
      order by at desc, id desc limit ${args.limit + 1}`.execute(asking.database);
    return pageOf(rows, args);
  },
});

function given<Value>(
  value: Value | undefined,
  condition: (value: Value) => RawBuilder<unknown>,
): RawBuilder<unknown> {
  return value === undefined ? sql`true` : condition(value);
}

function beginsWith(text: string): RawBuilder<unknown> {
  // The last character of all: whatever begins with the text comes before.
  const beyond = `${text}\u{10FFFF}`;
  const columns = ['actor', 'action', 'object'].map(
    (column) =>
      sql`${sql.ref(column)} collate "C" >= ${text} and ${sql.ref(column)} collate "C" < ${beyond}`,
  );
  return sql`(${sql.join(columns, sql` or `)})`;
}
