import { z } from 'zod';
import { databaseUrl, text } from './setting-types.ts';

/** What `tenantbot migrate` is told. */
export const MIGRATE_SETTINGS = {
  schema: z.strictObject({
    databaseUrl: databaseUrl.describe(
      'database of the history, as postgres://user:password@host:port/database; that in the data folder unless given',
    ),
    data: text
      .default('.tenantbot')
      .describe('data folder of a standalone that keeps its history there'),
  }),
  paths: new Set(['data']),
};

export type MigrateSettings = z.output<typeof MIGRATE_SETTINGS.schema>;
