import { z } from 'zod';
import { Secret } from '../lib/secret.ts';
import { text } from './setting-types.ts';

/** What `tenantbot migrate` is told. */
export const MIGRATE_SETTINGS = {
  schema: z.strictObject({
    databaseUrl: text
      .transform((url) => new Secret(url))
      .describe('database of the history, as postgres://user:password@host:port/database'),
  }),
  paths: new Set<string>(),
};

export type MigrateSettings = z.output<typeof MIGRATE_SETTINGS.schema>;
