import { createHash } from 'node:crypto';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { TenantBotError } from '../lib/errors.ts';
import type { ClusterAccess, Credentials } from './kubeconfig.ts';

/**
 * Which connections a request takes: one of the few that calls `shared`, or one of its `own`, for
 * what lasts (a watch) and for what must not wait for a slow call to end (an election).
 */
export type ConnectionPool = 'shared' | 'own';

const CONNECT_TIMEOUT_MS = 10_000;
/** Below the 60 s after which some load balancers forget an idle connection. */
const TCP_KEEP_ALIVE_MS = 30_000;
const IDLE_MS = 60_000;

interface Pools {
  readonly fingerprint: string;
  readonly shared: Dispatcher;
  readonly own: Dispatcher;
}

/**
 * Connections to one API server, over HTTP/1.1: there one slow reader of a watch cannot hold up the
 * calls, which HTTP/2's common connection allows. When certificates change, new calls get new
 * connections, and the old ones end with what runs on them.
 */
export class Connections {
  readonly #access: ClusterAccess;
  readonly #maxShared: number;
  #pools: Pools | undefined;
  #closed = false;

  constructor(access: ClusterAccess, maxShared: number) {
    this.#access = access;
    this.#maxShared = maxShared;
  }

  dispatcher(pool: ConnectionPool, { tls }: Credentials): Dispatcher {
    if (this.#closed) {
      throw new TenantBotError('internal', 'KUBE_CLIENT_CLOSED', 'the Kubernetes client is closed');
    }
    const fingerprint = fingerprintOf(tls);
    if (this.#pools?.fingerprint !== fingerprint) {
      const before = this.#pools;
      this.#pools = {
        fingerprint,
        shared: this.#open(tls, this.#maxShared),
        own: this.#open(tls, null),
      };
      void before?.shared.close();
      void before?.own.close();
    }
    return this.#pools[pool];
  }

  /** Ends every connection, and with it what runs on it. Nothing can be sent afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pools?.shared.destroy(), this.#pools?.own.destroy()]);
  }

  #open(tls: Credentials['tls'], connections: number | null): Dispatcher {
    const socket = { keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
    const options = { allowH2: false, connections, pipelining: 1, keepAliveTimeout: IDLE_MS };
    const { proxyUrl } = this.#access;
    if (proxyUrl !== undefined) {
      return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: { ...tls, ...socket } });
    }
    return new Agent({ ...options, connect: { ...tls, ...socket, timeout: CONNECT_TIMEOUT_MS } });
  }
}

function fingerprintOf(tls: Credentials['tls']): string {
  return createHash('sha256').update(JSON.stringify(tls)).digest('base64');
}
