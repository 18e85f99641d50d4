import { openDataFolder } from '../../../src/standalone/data/data-folder.ts';

/** Tries to lock the folder that it is given, and tells its parent how that went. */
const [, , folder = ''] = process.argv;
try {
  await openDataFolder(folder);
  process.send?.('held');
} catch {
  process.send?.('refused');
}
process.once('disconnect', () => process.exit());
