import { createHash } from 'node:crypto';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { ClusterAccess, Credentials } from './kubeconfig.ts';

/** What a connection is for. Plain calls share a bounded pool; each watch has one of its own. */
export type ConnectionUse = 'call' | 'watch';

const CONNECT_TIMEOUT_MS = 10_000;
/** Below the 60 s after which some load balancers forget an idle connection. */
const TCP_KEEP_ALIVE_MS = 30_000;
const IDLE_MS = 60_000;

interface Pools {
  readonly fingerprint: string;
  readonly call: Dispatcher;
  readonly watch: Dispatcher;
}

/**
 * Connections to one API server, over HTTP/1.1: there one slow reader of a watch cannot hold up the
 * calls, which HTTP/2's common connection allows. When certificates change, new calls get new
 * connections, and the old ones end with what runs on them.
 */
export class Connections {
  readonly #access: ClusterAccess;
  readonly #maxCalls: number;
  #pools: Pools | undefined;

  constructor(access: ClusterAccess, maxCalls: number) {
    this.#access = access;
    this.#maxCalls = maxCalls;
  }

  dispatcher(use: ConnectionUse, { tls }: Credentials): Dispatcher {
    const fingerprint = fingerprintOf(tls);
    if (this.#pools?.fingerprint !== fingerprint) {
      const before = this.#pools;
      this.#pools = {
        fingerprint,
        call: this.#open(tls, this.#maxCalls),
        watch: this.#open(tls, null),
      };
      void before?.call.close();
      void before?.watch.close();
    }
    return this.#pools[use];
  }

  /** Ends every connection, and with it what runs on it. */
  async close(): Promise<void> {
    const pools = this.#pools;
    this.#pools = undefined;
    await Promise.all([pools?.call.destroy(), pools?.watch.destroy()]);
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
