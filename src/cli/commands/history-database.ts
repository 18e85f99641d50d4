import { join, resolve } from 'node:path';
import { type DatabaseAddress, parseDatabaseUrl } from '../../history/database-address.ts';
import { startEmbedded } from '../../history/embedded/server.ts';
import type { Clock } from '../../lib/clock.ts';
import { openDataFolder } from '../../standalone/data/data-folder.ts';
import type { MigrateSettings } from '../migrate-settings.ts';

/**
 * What `work` comes to with the database of `settings`. Where they name none it is that in the data
 * folder, which is nobody else's meanwhile, and whose server runs until `work` is done.
 */
export async function atHistoryDatabase<Value>(
  { databaseUrl, data }: MigrateSettings,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: (address: DatabaseAddress) => Promise<Value>,
): Promise<Value> {
  if (databaseUrl) return work(parseDatabaseUrl(databaseUrl));
  const lock = await openDataFolder(resolve(data));
  try {
    const server = await startEmbedded(join(resolve(data), 'postgres'), clock, signal);
    try {
      return await work(server.address);
    } finally {
      await server.stop();
    }
  } finally {
    await lock.release();
  }
}
