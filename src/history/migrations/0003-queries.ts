import type { Migration } from './migration.ts';

/** Indexes that queries go by. */
export const QUERIES: Migration = {
  number: 3,
  name: 'queries',
  statements: [
    // Deleted ones too.
    `create index bots_name on bots (namespace, name)`,

    // What came before and after a transition of its bot and kind.
    `create index transitions_place on transitions (bot, kind, at, seq, session)`,
    // How incidents begin, the latest first.
    `create index transitions_bad on transitions (at)
       where to_state not in ('Healthy', 'Suspended', 'Closed', 'Valid')`,

    // Ranges of text byte by byte: of full-text search and LIKE Postgres does not know that they
    // leak nothing, so where rows are hidden from a role they go by no index.
    ...['actor', 'action', 'object'].map(
      (column) => `create index audit_log_${column} on audit_log (${column} collate "C", at)`,
    ),
  ],
};
