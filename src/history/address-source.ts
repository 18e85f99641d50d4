import { readFile } from 'node:fs/promises';
import { environmentError, errorCode, errorMessage } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import { type DatabaseAddress, parseDatabaseUrl } from './database-address.ts';

/** Tells where the database is. Asked before each time that it is connected to. */
export type AddressSource = () => Promise<DatabaseAddress>;

/**
 * The address that stands in the file `path`, whatever that holds by then: a Secret that is mounted
 * changes. With certificates (PEM) in `caFile`, those that the server's own is checked against.
 */
export function addressInFile(path: string, caFile?: string): AddressSource {
  return async () => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const why = errorCode(error) === 'ENOENT' ? 'it is not there' : errorMessage(error);
      throw environmentError(
        'DATABASE_URL_MISSING',
        `the address of the database can't be read from ${path}: ${why}`,
        error,
      );
    }
    return parseDatabaseUrl(new Secret(text.trim()), caFile);
  };
}
