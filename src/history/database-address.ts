import { inputError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';

/** Where a Postgres database is. */
export interface DatabaseAddress {
  /** With the password, and with all that the driver needs to know. */
  readonly url: Secret;
  /** For people, without user and password: `tenantbot on db.example:5432`. */
  readonly place: string;
}

/** From no TLS to a server that proves its name; the two between trust any name, or anybody. */
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`. The modes of TLS are libpq's;
 * unless one is given it is `require`, with `caFile` (PEM) `verify-full`, and `disable` on this
 * machine itself. Throws an input error that says what is wrong and never quotes the address.
 */
export function parseDatabaseUrl(text: Secret, caFile?: string): DatabaseAddress {
  const url = /^postgres(ql)?:\/\//.test(text.reveal()) ? URL.parse(text.reveal()) : null;
  const parts = url && readParts(url);
  if (!url || !parts) {
    throw refused(
      'is not of the form postgres://user:password@host:port/database; what is special in a URL (/ ? # @ % :) stands in a password as %2F, %3F and so on',
    );
  }
  const { host, database } = parts;
  if (host === '') throw refused('names no host');
  if (database === '') throw refused('names no database: add /name behind the host');
  if (caFile !== undefined) trust(url, caFile);
  url.searchParams.set('sslmode', tlsMode(url, host));
  // Without it the driver takes every mode for verify-full, and prints a warning.
  url.searchParams.set('uselibpqcompat', 'true');
  const server = host.startsWith('/') ? host : `${host}:${url.port || '5432'}`;
  return { url: new Secret(url.href), place: `${database} on ${server}` };
}

function readParts(url: URL): { readonly host: string; readonly database: string } | undefined {
  try {
    // A folder is where the server has its socket.
    const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
    return { host, database: decodeURIComponent(url.pathname.slice(1)) };
  } catch {
    return undefined;
  }
}

/** What the address says itself counts more. */
function trust({ searchParams }: URL, caFile: string): void {
  if (!searchParams.has('sslrootcert')) searchParams.set('sslrootcert', caFile);
  if (!searchParams.has('sslmode')) searchParams.set('sslmode', 'verify-full');
}

function tlsMode({ searchParams }: URL, host: string): string {
  const isHere = host.startsWith('/') || LOOPBACK.test(host);
  const mode = searchParams.get('sslmode') ?? (isHere ? 'disable' : 'require');
  if (!TLS_MODES.includes(mode)) {
    throw refused(`has an sslmode that is not one of ${TLS_MODES.join(', ')}`);
  }
  if (mode === 'verify-ca' && !searchParams.has('sslrootcert')) {
    throw refused('has sslmode=verify-ca, which needs sslrootcert=<file with the CA, PEM>');
  }
  return mode;
}

function refused(what: string): Error {
  return inputError('DATABASE_URL_INVALID', `the database URL ${what}`);
}
