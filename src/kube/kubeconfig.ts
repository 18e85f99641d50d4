import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { environmentError, errorMessage, inputError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

/** What a call needs besides its content. Must not reach any text. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'
  >;
}

/** Where an API server is, and how one is let in. */
export interface ClusterAccess {
  readonly server: URL;
  /** Of the kubeconfig's context, or the pod's own. */
  readonly namespace: string | undefined;
  readonly proxyUrl: string | undefined;
  /**
   * Asked before every call: tokens and certificates rotate. Files are read anew each time; plugins
   * run when what they gave has expired.
   */
  credentials(): Promise<Credentials>;
}

/**
 * Access by `kubeconfig`: a path, or several as in the variable KUBECONFIG; by its current context
 * unless `context` names another. Undefined means the pod that this program runs in. Loads the Kubernetes client library, which takes a second and 70 MB.
 */
export async function loadClusterAccess(
  kubeconfig: string | undefined,
  context?: string,
): Promise<ClusterAccess> {
  const config = await loadConfig(kubeconfig);
  if (context !== undefined) useContext(config, context);
  return accessOf(config, kubeconfig);
}

/** The names of the contexts of `kubeconfig`: a path, or several as in the variable KUBECONFIG. */
export async function kubeconfigContexts(kubeconfig: string): Promise<readonly string[]> {
  return (await loadConfig(kubeconfig)).getContexts().map(({ name }) => name);
}

async function loadConfig(kubeconfig: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromCluster();
  else {
    for (const path of kubeconfig.split(delimiter).filter(Boolean)) {
      const part = new KubeConfig();
      await loadFile(part, path);
      // The first file's context counts, as with kubectl.
      config.mergeConfig(part, Boolean(config.currentContext));
    }
  }
  return config;
}

/** The same API server for the bearer of `token`, with nothing of what `access` itself is let in by. */
export function asBearer(access: ClusterAccess, token: Secret): ClusterAccess {
  return {
    ...access,
    async credentials() {
      const { ca, rejectUnauthorized, servername } = (await access.credentials()).tls;
      return {
        headers: { Authorization: `Bearer ${token.reveal()}` },
        tls: defined({ ca, rejectUnauthorized, servername }),
      };
    },
  };
}

function useContext(config: KubeConfig, context: string): void {
  if (!config.getContextObject(context)) {
    const known = config.getContexts().map(({ name }) => `"${name}"`);
    throw inputError(
      'KUBECONFIG_INVALID',
      `the kubeconfig has no context "${context}"; it has ${known.join(', ') || 'none'}`,
    );
  }
  config.setCurrentContext(context);
}

/**
 * Rewrites `tokenFile`, which the library does not know, into what it does know, and takes both
 * relative to the kubeconfig.
 */
async function loadFile(config: KubeConfig, path: string): Promise<void> {
  try {
    const content = parse(await readFile(path, 'utf8')) as { users?: KubeconfigUser[] };
    for (const { user } of content.users ?? []) {
      if (user?.tokenFile === undefined || user.token !== undefined) continue;
      const tokenFile = resolve(dirname(path), user.tokenFile);
      user['auth-provider'] = { name: 'tokenFile', config: { tokenFile } };
    }
    config.loadFromString(stringify(content));
  } catch (error) {
    // A parser's message may quote the file, and with it a token.
    const why = isSystemError(error) ? error.message : 'it is no kubeconfig';
    throw inputError('KUBECONFIG_INVALID', `the kubeconfig ${path} cannot be read: ${why}`);
  }
  config.makePathsAbsolute(dirname(path));
}

interface KubeconfigUser {
  readonly user?: { token?: string; tokenFile?: string; 'auth-provider'?: object };
}

function accessOf(config: KubeConfig, kubeconfig: string | undefined): ClusterAccess {
  const cluster = config.getCurrentCluster();
  const server = cluster === null ? null : URL.parse(cluster.server);
  if (cluster === null || server === null) {
    throw kubeconfig === undefined
      ? environmentError(
          'KUBE_NOT_IN_CLUSTER',
          'this program does not run in a pod with a ServiceAccount; name a kubeconfig',
        )
      : inputError(
          'KUBECONFIG_INVALID',
          `the kubeconfig ${kubeconfig} has no current context with a cluster and its server`,
        );
  }
  if (server.protocol === 'http:') allowPlainText(config);
  const tokenFile = tokenFileOf(config);
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim(),
    proxyUrl: cluster.proxyUrl,
    credentials: () => credentialsOf(config, tokenFile),
  };
}

/** The library takes `http:`, as of `kubectl proxy`, only from clusters whose certificate counts for nothing. */
function allowPlainText(config: KubeConfig): void {
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, skipTLSVerify: true }));
}

function tokenFileOf(config: KubeConfig): string | undefined {
  const provider: unknown = config.getCurrentUser()?.authProvider;
  return (provider as { config?: { tokenFile?: string } } | undefined)?.config?.tokenFile;
}

async function credentialsOf(config: KubeConfig, tokenFile?: string): Promise<Credentials> {
  try {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, passphrase, rejectUnauthorized, servername, auth } = options;
    const headers = { ...(options.headers as Record<string, string> | undefined) };
    // The library would go on with an old token for up to a minute.
    if (tokenFile !== undefined) {
      headers['Authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
    }
    if (auth) headers['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
    return {
      headers,
      tls: defined({ ca, cert, key, passphrase, rejectUnauthorized, servername }),
    };
  } catch (error) {
    // A plugin's output, which a parser's message quotes, is the credential itself.
    const why = error instanceof SyntaxError ? 'its plugin printed no JSON' : errorMessage(error);
    throw environmentError(
      'KUBE_CREDENTIALS',
      `the credentials of the kubeconfig's user cannot be had: ${why}`,
    );
  }
}

function defined(
  tls: { readonly [Key in keyof Credentials['tls']]?: unknown },
): Credentials['tls'] {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
