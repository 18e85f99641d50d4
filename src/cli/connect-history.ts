import { readFile } from 'node:fs/promises';
import { errorCode, inputError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import { AdminClient, type AdminTls } from './admin-client.ts';
import { adminHistory } from './admin-history.ts';
import { type Chosen, chosen } from './connect.ts';
import type { HistoryAccess } from './history-output.ts';
import type { Flags } from './program/actions.ts';

/** Whom commands ask that tell what was. */
export interface Past extends HistoryAccess {
  /** Where a bot is that is named without a namespace. */
  readonly namespace: string;
  readonly admin: AdminClient;
}

/** The history of the standalone or cluster that `flags` choose. */
export async function connectHistory(flags: Flags): Promise<Past> {
  const choice = await chosen(flags);
  if (choice.place.kind === 'standalone' && flags['adminUrl'] === undefined) {
    return ofStandalone(choice);
  }
  const { namespace, token } = await credentials(flags, choice);
  const admin = new AdminClient({ url: adminUrl(flags), token, tls: await tlsOf(flags) });
  return { namespace, admin, ...adminHistory(admin) };
}

async function ofStandalone({ endpoint, data }: Chosen): Promise<Past> {
  const { LocalClient } = await import('./local-client.ts');
  const client = new LocalClient(endpoint, data);
  return {
    namespace: 'default',
    admin: client.admin,
    history: (query, args) => client.history(query, args),
  };
}

async function tlsOf({ adminCa: path, tlsServerName }: Flags): Promise<AdminTls | undefined> {
  const serverName = typeof tlsServerName === 'string' ? tlsServerName : undefined;
  if (typeof path !== 'string') return serverName === undefined ? undefined : { serverName };
  const ca = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = errorCode(error);
    throw inputError('ADMIN_CA_UNREADABLE', `--admin-ca: ${path} can't be read (${why})`, error);
  });
  return { ca, serverName };
}

function adminUrl({ adminUrl }: Flags): string {
  if (typeof adminUrl === 'string' && URL.canParse(adminUrl)) return adminUrl.replace(/\/+$/, '');
  throw inputError(
    'ADMIN_URL_MISSING',
    "the operator's admin API tells what was: give its address with --admin-url, such as https://127.0.0.1:8443 while `kubectl -n tenantbot-system port-forward service/tenantbot-admin 8443:443` runs",
  );
}

/** `--token`, else what the kubeconfig's user shows to the API server, else a standalone's own. */
async function credentials(
  { token }: Flags,
  { place, endpoint }: Chosen,
): Promise<{ readonly namespace: string; readonly token: Secret }> {
  const given = typeof token === 'string' && token !== '' ? new Secret(token) : undefined;
  if (place.kind === 'standalone') {
    const known = given ?? endpoint?.token;
    if (known) return { namespace: 'default', token: known };
    throw inputError('TOKEN_MISSING', 'give a token with --token for the admin API');
  }
  const { loadClusterAccess } = await import('../kube/kubeconfig.ts');
  const access = await loadClusterAccess(place.kubeconfig, place.context);
  const { namespace = 'default' } = access;
  if (given) return { namespace, token: given };
  const { headers } = await access.credentials();
  const [, bearer] = /^Bearer (.+)$/.exec(headers['Authorization'] ?? '') ?? [];
  if (bearer !== undefined) return { namespace, token: new Secret(bearer) };
  throw inputError(
    'TOKEN_MISSING',
    'the kubeconfig\'s user has no token, and the admin API takes no client certificates: give one with --token "$(kubectl create token <serviceaccount>)"',
  );
}
