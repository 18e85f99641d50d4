import { environmentError, errorCode, errorMessage, TenantBotError } from '../lib/errors.ts';

interface Words {
  readonly code: string;
  readonly what: string;
}

const UNREACHABLE = words(
  'DATABASE_UNREACHABLE',
  'it does not answer. Check host and port, and that the server runs and may be reached from here',
);
const TLS_REFUSED = words(
  'DATABASE_TLS',
  'its certificate is not to be trusted. Name its CA with sslrootcert=<file> in the URL, and the host as the certificate does',
);
const NO_ENTRY = words(
  'DATABASE_LOGIN_REFUSED',
  'it refuses the login. Check user and password in the URL, and what pg_hba.conf allows',
);
const FULL = words('DATABASE_FULL', "the server's disk is full. Make room there");
const WRONG_SCHEMA = words(
  'DATABASE_SCHEMA',
  'something of ours is missing there. Run `tenantbot migrate`; where that has nothing to run, somebody took it away by hand: restore a backup',
);
const SLOW = words(
  'DATABASE_SLOW',
  'it did not come to an end in time. Look for what keeps it busy, or holds a lock, in pg_stat_activity',
);

/** What SQLSTATEs and codes of sockets and TLS mean to whoever runs this program. */
const BY_CODE: Readonly<Record<string, Words>> = {
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ENOTFOUND: words('DATABASE_UNREACHABLE', 'its host has no address. Check the name'),
  EAI_AGAIN: words('DATABASE_UNREACHABLE', 'its host can not be looked up now'),
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS_REFUSED,
  SELF_SIGNED_CERT_IN_CHAIN: TLS_REFUSED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS_REFUSED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS_REFUSED,
  ERR_TLS_CERT_ALTNAME_INVALID: TLS_REFUSED,
  CERT_HAS_EXPIRED: words('DATABASE_TLS', 'its certificate has expired. Renew it'),
  '28P01': NO_ENTRY,
  '28000': NO_ENTRY,
  '3D000': words('DATABASE_MISSING', 'there is no such database. Make it with CREATE DATABASE'),
  '53300': words(
    'DATABASE_BUSY',
    'it has no connection left. Raise max_connections there, or end what holds them',
  ),
  '53100': FULL,
  '42P01': WRONG_SCHEMA,
  '42703': WRONG_SCHEMA,
  '42883': WRONG_SCHEMA,
  '3F000': WRONG_SCHEMA,
  '57014': SLOW,
  '55P03': SLOW,
  '57P01': words('DATABASE_STOPPED', 'it was stopped meanwhile. Try again when it runs'),
  '57P03': words('DATABASE_STARTING', 'it starts or stops just now. Try again in a moment'),
  '25006': words(
    'DATABASE_READ_ONLY',
    'it can only be read. Give the address of the primary, or mend default_transaction_read_only',
  ),
  '42501': words(
    'DATABASE_DENIED',
    'the user of the URL may not do that. It has to own the database, or the schema tenantbot in it',
  ),
};

/**
 * What `work` comes to; an error of the database at `place` is put into words. Our own errors pass
 * as they are.
 */
export async function inWords<Value>(place: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TenantBotError) throw error;
    const known =
      BY_CODE[errorCode(error) ?? ''] ?? byFile(error) ?? byMessage(errorMessage(error));
    const { code, what } = known ?? words('DATABASE_FAILED', errorMessage(error));
    // The server's own words tell which table, which role, which limit.
    const said = known && isServerError(error) ? ` (${errorMessage(error)})` : '';
    throw environmentError(code, `the database ${place}: ${what}${said}`, error);
  }
}

/** Of files that the URL names, and of the server's socket. */
function byFile(error: unknown): Words | undefined {
  if (!(error instanceof Error && 'syscall' in error)) return undefined;
  if (error.syscall === 'connect') return UNREACHABLE;
  if (error.syscall !== 'open' || !('path' in error)) return undefined;
  return words('DATABASE_URL_INVALID', `the file ${String(error.path)} can't be read`);
}

/** Of errors for which the driver has no code. */
function byMessage(message: string): Words | undefined {
  if (message.includes('does not support SSL')) {
    return words(
      'DATABASE_TLS',
      'it offers no TLS. Switch that on there, or add sslmode=disable to the URL to send everything in the clear',
    );
  }
  if (/timeout (exceeded|expired)|due to connection timeout/.test(message)) return UNREACHABLE;
  if (message === 'Query read timeout') return SLOW;
  if (/terminated|not queryable|establishing an SSL connection/.test(message)) {
    return words(
      'DATABASE_BROKE_OFF',
      'it broke off the connection. Check that what listens there is Postgres, and still runs',
    );
  }
  if (message.includes('password must be a')) return NO_ENTRY;
  return undefined;
}

/** The SQLSTATE, where it was the server itself that said no; also of what {@link inWords} made of it. */
export function sqlState(error: unknown): string | undefined {
  const said = isServerError(error) ? error : error instanceof Error ? error.cause : undefined;
  return isServerError(said) ? errorCode(said) : undefined;
}

/** Whether the server refuses what a row says (SQLSTATE classes 22 and 23): it will do so again. */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

/** The driver marks what the server itself said with a severity. */
function isServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error;
}

function words(code: string, what: string): Words {
  return { code, what };
}
