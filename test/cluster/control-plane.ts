import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomToken } from '../../src/lib/random.ts';
import { type ApiServer, FILES, startApiServer, untilAlive } from './api-server.ts';
import { findControlPlanePrograms } from './control-plane-programs.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { rawApi } from './raw-api.ts';
import { makeStateFolder, type StateFolder } from './state-folder.ts';
import type { WorkOptions } from './work-options.ts';

export interface ControlPlaneOptions extends WorkOptions {
  /**
   * Also starts the controller manager and the scheduler, so that namespaces end, owned objects are
   * collected and StatefulSets make pods. Nothing runs the pods: there is no node.
   */
  readonly controllers?: boolean;
  /** Flags for every API server. */
  readonly apiServerFlags?: readonly string[];
}

/** The control plane of Kubernetes on loopback, for whoever holds its token. */
export interface ControlPlane extends ApiServer, AsyncDisposable {
  /** Of its administrator, on every API server. */
  readonly token: string;
  readonly kubectlPath: string;
  /** Another API server over the same etcd. */
  addApiServer(): Promise<ApiServer>;
  /** Ends all of it, and takes its files away. */
  stop(): Promise<void>;
}

/**
 * Starts etcd and an API server, and resolves when they serve, with `controllers` when those are at
 * work. Everything is in a temporary folder of its own and on free ports, so that several may run
 * at once. It ends with this process at the latest, also when that is killed with -9.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { controllers = false, apiServerFlags = [] } = options;
  const wanted = controllers ? (['kube-controller-manager', 'kube-scheduler'] as const) : [];
  const programs = await findControlPlanePrograms(
    ['etcd', 'kube-apiserver', 'kubectl', ...wanted],
    options,
  );
  const folder = await makeStateFolder();
  const daemons: Daemon[] = [];
  const apiServers: ApiServer[] = [];
  const tokens = { admin: randomToken(), controllers: randomToken(), scheduler: randomToken() };
  const stop = (): Promise<void> => stopAll(folder, [...apiServers, ...daemons]);
  // Without a controller manager nobody makes the ServiceAccount that every pod must have.
  const admission = controllers ? [] : ['--disable-admission-plugins=ServiceAccount'];
  const addApiServer = async (): Promise<ApiServer> => {
    const server = await startApiServer({
      programs,
      folder: folder.path,
      name: `kube-apiserver-${apiServers.length + 1}`,
      token: tokens.admin,
      flags: [...admission, ...apiServerFlags],
    });
    apiServers.push(server);
    return server;
  };
  try {
    await writeFiles(folder.path, tokens);
    daemons.push(startEtcd(programs, folder.path));
    const first = await addApiServer();
    if (controllers)
      daemons.push(...(await startControllers(programs, folder.path, { first, tokens })));
    return {
      ...first,
      token: tokens.admin,
      kubectlPath: join(programs, 'kubectl'),
      addApiServer,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Tokens {
  readonly admin: string;
  readonly controllers: string;
  readonly scheduler: string;
}

async function stopAll(
  folder: StateFolder,
  parts: readonly { stop(): Promise<void> }[],
): Promise<void> {
  await Promise.all(parts.map((part) => part.stop()));
  await folder.remove();
}

async function writeFiles(folder: string, tokens: Tokens): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const users = [
    [tokens.admin, 'admin', 'admin', '"system:masters"'],
    [tokens.controllers, 'system:kube-controller-manager', 'controllers', ''],
    [tokens.scheduler, 'system:kube-scheduler', 'scheduler', ''],
  ];
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [
      // Their records tell who led when.
      { level: 'Request', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
      { level: 'Metadata' },
    ],
  };
  const files = {
    [FILES.serviceAccountKey]: privateKey.export({ type: 'pkcs1', format: 'pem' }),
    [FILES.tokens]: users.map((user) => `${user.join(',')}\n`).join(''),
    [FILES.auditPolicy]: JSON.stringify(policy),
  };
  await mkdir(join(folder, FILES.certificates));
  await Promise.all(
    Object.entries(files).map(([name, text]) =>
      writeFile(join(folder, name), text, { mode: 0o600 }),
    ),
  );
}

/** On sockets in its folder alone: no port to find, and nobody else gets in. */
function startEtcd(programs: string, folder: string): Daemon {
  return startDaemon({
    name: 'etcd',
    folder,
    command: [
      join(programs, 'etcd'),
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=unix://${join(folder, FILES.etcdSocket)}`,
      // Must be an address, and is dialled by nobody.
      '--advertise-client-urls=http://localhost:2379',
      `--listen-peer-urls=unix://${join(folder, 'etcd-peer.sock')}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  });
}

/** Only after the API server is ready: before, they are refused and back off for seconds. */
async function startControllers(
  programs: string,
  folder: string,
  { first, tokens }: { readonly first: ApiServer; readonly tokens: Tokens },
): Promise<Daemon[]> {
  const start = async (program: string, token: string, flags: string[]): Promise<Daemon> => {
    const kubeconfig = join(folder, `${program}.kubeconfig`);
    await writeKubeconfig(kubeconfig, { ...first, token });
    const always = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
    const command = [join(programs, program), ...always, ...flags] as const;
    return startDaemon({ name: program, folder, command: [...command] });
  };
  const manager = await start('kube-controller-manager', tokens.controllers, [
    `--service-account-private-key-file=${join(folder, FILES.serviceAccountKey)}`,
    `--root-ca-file=${join(folder, FILES.certificate)}`,
    '--use-service-account-credentials',
    // By default its own rate holds the start up for four seconds.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ]);
  const scheduler = await start('kube-scheduler', tokens.scheduler, []);
  await untilAlive(manager, 'the ServiceAccount `default`', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    return (await rawApi(first.kubeconfigPath, { path })).status === 200;
  });
  return [manager, scheduler];
}
