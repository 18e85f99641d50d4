import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { openDatabase } from '../../src/history/database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../../src/history/database-address.ts';
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from '../../src/lib/process-identity.ts';
import { Secret } from '../../src/lib/secret.ts';

/** The embedded Postgres of a data folder, as it runs or ran last. */
export class EmbeddedHistory {
  readonly #folder: string;

  constructor(data: string) {
    this.#folder = join(data, 'postgres');
  }

  /** The rows that a statement gives, of all namespaces. */
  async rows<Row>(statement: string): Promise<readonly Row[]> {
    return rowsOf(await this.#address(), statement);
  }

  /** The process; undefined where its file is not there. */
  async process(): Promise<ProcessIdentity | undefined> {
    const lines = await this.#pidFile();
    return lines && identifyProcess(Number(lines[0]));
  }

  async isRunning(): Promise<boolean> {
    const process = await this.process();
    return process !== undefined && isRunning(process);
  }

  /** Ends it, should it run: nobody else does where its owner was killed. */
  async kill(): Promise<void> {
    const server = await this.process();
    if (server && (await isRunning(server))) process.kill(server.pid, 'SIGQUIT');
  }

  async #address(): Promise<DatabaseAddress> {
    const lines = await this.#pidFile();
    const password = await readFile(join(this.#folder, 'tenantbot.password'), 'utf8');
    const url = `postgres://tenantbot:${password}@127.0.0.1:${lines?.[3] ?? ''}/tenantbot`;
    return parseDatabaseUrl(new Secret(url));
  }

  async #pidFile(): Promise<readonly string[] | undefined> {
    const text = await readFile(join(this.#folder, 'postmaster.pid'), 'utf8').catch(
      () => undefined,
    );
    return text?.split('\n');
  }
}

/** The rows that a statement gives, of all namespaces. */
export async function rowsOf<Row>(
  address: DatabaseAddress,
  statement: string,
): Promise<readonly Row[]> {
  const settings = { search_path: 'tenantbot', 'tenantbot.namespaces': '*' };
  const database = await openDatabase(address, { max: 1, settings });
  try {
    const { rows } = await sql.raw<Row>(statement).execute(database);
    return rows;
  } finally {
    await database.destroy();
  }
}
