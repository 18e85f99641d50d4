import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, errorMessage } from '../../src/lib/errors.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { waitFor } from '../support/wait.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { rawApi } from './raw-api.ts';

/** One API server of a control plane. Several may share an etcd. */
export interface ApiServer {
  readonly url: string;
  readonly caPem: string;
  /** Of its administrator, as the token below. */
  readonly kubeconfigPath: string;
  /**
   * One `audit.k8s.io/v1` event a line, when a request is complete: at the level Metadata, and
   * writes to Leases with what was sent.
   */
  readonly auditLogPath: string;
  /** Kills it. What it stored is for the others, and for the next one, to serve. */
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** Holds kube-apiserver. */
  readonly programs: string;
  /** The state folder of the control plane. */
  readonly folder: string;
  /** Names its log, audit log and kubeconfig. */
  readonly name: string;
  /** Of the administrator. */
  readonly token: string;
  readonly flags: readonly string[];
}

/** Where the parts of a control plane find each other, below its state folder. */
export const FILES = {
  etcdSocket: 'etcd.sock',
  /** The API servers' certificate, which the first one makes. */
  certificates: 'certificates',
  certificate: 'certificates/apiserver.crt',
  serviceAccountKey: 'service-account.key',
  tokens: 'tokens.csv',
  auditPolicy: 'audit-policy.json',
} as const;

const TRIES = 3;
const READY_MS = 60_000;

/** Resolves once the API server is ready, its first roles and priority classes included. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  for (let tried = 1; ; tried++) {
    const port = await freePort();
    const daemon = startDaemon({
      name: options.name,
      folder: options.folder,
      command: [join(options.programs, 'kube-apiserver'), ...flagsOf(options, port)],
    });
    try {
      return await ready(options, { daemon, port });
    } catch (error) {
      await daemon.stop();
      if (tried === TRIES || !(await daemon.logTail()).includes('address already in use'))
        throw error;
    }
  }
}

function flagsOf({ folder, name, flags }: ApiServerOptions, port: number): string[] {
  const key = join(folder, FILES.serviceAccountKey);
  return [
    `--etcd-servers=unix://${join(folder, FILES.etcdSocket)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, FILES.certificates)}`,
    // There is no address but loopback, which must not stand in the endpoints of `kubernetes`.
    '--endpoint-reconciler-type=none',
    `--token-auth-file=${join(folder, FILES.tokens)}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${key}`,
    `--service-account-key-file=${key}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    `--audit-policy-file=${join(folder, FILES.auditPolicy)}`,
    `--audit-log-path=${auditLog(folder, name)}`,
    ...flags,
  ];
}

function auditLog(folder: string, name: string): string {
  return join(folder, `${name}.audit.jsonl`);
}

async function ready(
  { folder, name, token }: ApiServerOptions,
  { daemon, port }: { readonly daemon: Daemon; readonly port: number },
): Promise<ApiServer> {
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigPath = join(folder, `${name}.kubeconfig`);
  const caPem = await untilAlive(daemon, 'its certificate', () =>
    readFile(join(folder, FILES.certificate), 'utf8'),
  );
  await writeKubeconfig(kubeconfigPath, { url, caPem, token });
  await untilAlive(daemon, '/readyz', async () => {
    const { status } = await rawApi(kubeconfigPath, { path: '/readyz' });
    return status === 200;
  });
  const auditLogPath = auditLog(folder, name);
  return { url, caPem, kubeconfigPath, auditLogPath, stop: () => daemon.stop() };
}

/** Waits for `what` of a daemon; rejects with the end of its log where it dies or takes too long. */
export async function untilAlive<Value>(
  daemon: Daemon,
  what: string,
  check: () => Promise<Value | false>,
): Promise<Value> {
  try {
    const outcome = await waitFor(
      `${what} of ${daemon.name}`,
      async () => {
        if (daemon.ended) return { ended: true } as const;
        const value = await check();
        return value !== false && ({ ended: false, value } as const);
      },
      { timeoutMs: READY_MS, intervalMs: 50 },
    );
    if (!outcome.ended) return outcome.value;
    throw new Error(`${daemon.name} ended by itself`);
  } catch (error) {
    throw environmentError(
      'CONTROL_PLANE_FAILED',
      `${errorMessage(error)}; the end of its log:\n${await daemon.logTail()}`,
      error,
    );
  }
}
