import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/history/database.ts';
import { parseDatabaseUrl } from '../../src/history/database-address.ts';
import { issueCertificate, makeAuthority } from '../../src/lib/certificates.ts';
import { errorMessage } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

let folder: string;
let server: PostgresServer;

/** A server whose certificate names `localhost` alone, and two CAs: its own, and another. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantbot-tls-'));
  const validity = { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority('ours', validity);
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  await writeFile(join(folder, 'other.pem'), (await makeAuthority('other', validity)).cert);
  const tls = await issueCertificate(authority, ['localhost'], validity);
  server = await startPostgres(inject('postgresPrograms'), tls);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Whether what passes is encrypted; the words where nothing does. */
async function connect(mode: string, { ca, host = '127.0.0.1' }: { ca?: string; host?: string }) {
  const url = new URL(`${server.url}/postgres`);
  url.hostname = host;
  url.searchParams.set('sslmode', mode);
  if (ca) url.searchParams.set('sslrootcert', join(folder, ca));
  try {
    const database = await openDatabase(parseDatabaseUrl(new Secret(url.href)));
    const { rows } = await sql<{ ssl: boolean }>`
      select ssl from pg_stat_ssl where pid = pg_backend_pid()
    `.execute(database);
    await database.destroy();
    return rows[0]?.ssl === true ? 'encrypted' : 'in the clear';
  } catch (error) {
    return errorMessage(error);
  }
}

describe('sslmode', () => {
  const REFUSED = expect.stringContaining('its certificate is not to be trusted. Name its CA');

  test.each([
    ['disable', {}, 'in the clear'],
    ['require', {}, 'encrypted'],
    ['require', { ca: 'ca.pem' }, 'encrypted'],
    ['require', { ca: 'other.pem' }, REFUSED],
    ['verify-ca', { ca: 'ca.pem' }, 'encrypted'],
    ['verify-ca', { ca: 'other.pem' }, REFUSED],
    ['verify-full', { ca: 'ca.pem', host: 'localhost' }, 'encrypted'],
    ['verify-full', { ca: 'ca.pem' }, REFUSED],
    ['verify-full', { ca: 'other.pem', host: 'localhost' }, REFUSED],
    ['verify-full', { host: 'localhost' }, REFUSED],
  ])('%s with %o', async (mode, options, outcome) => {
    expect(await connect(mode, options)).toEqual(outcome);
  });
});
