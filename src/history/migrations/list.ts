import { TABLES } from './0001-tables.ts';
import { WRITER } from './0002-writer.ts';
import { QUERIES } from './0003-queries.ts';
import { SNAPSHOT_BOTS } from './0004-snapshot-bots.ts';
import { COVERING } from './0005-covering.ts';
import { LIMITS } from './0006-limits.ts';
import type { Migration } from './migration.ts';

/** Every migration, in order. Forward only: none is ever taken back. */
export const MIGRATIONS: readonly Migration[] = [
  TABLES,
  WRITER,
  QUERIES,
  SNAPSHOT_BOTS,
  COVERING,
  LIMITS,
];
