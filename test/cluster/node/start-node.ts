import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { waitFor } from '../../support/wait.ts';
import { cacheFolder, ensureComponents, type NodePrograms } from '../components.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { rawApi } from '../raw-api.ts';
import { ensureSystemPackages } from '../system-packages.ts';
import type { WorkOptions } from '../work-options.ts';
import { grantDnsRights } from './bootstrap.ts';
import { makeCgroups, moveToLeaf, planCgroups } from './cgroups.ts';
import { configFiles } from './config-files.ts';
import { type Credentials, writeCredentials } from './credentials.ts';
import { daemonCommands } from './daemons.ts';
import { NODE } from './layout.ts';
import { Namespaces } from './namespaces.ts';
import { NodeAccess, nodePath } from './node-access.ts';
import { pauseImage } from './pause-image.ts';
import { runProgram } from './run-program.ts';
import { clearDeadRuns, clearRun, makeRun, updateRecord } from './runs.ts';

/** How a node is started. */
export interface NodeOptions extends WorkOptions {
  /** The folder that its state folder is made in; in the cache unless given. */
  readonly runs?: string;
  /** The port of its API server on 127.0.0.1; a free one unless given. */
  readonly apiPort?: number;
}

/** A node that this process started. */
export class Node extends NodeAccess {
  readonly #namespaces: Namespaces;
  #stopped: Promise<void> | undefined;

  constructor(state: string, programs: NodePrograms, namespaces: Namespaces) {
    super(state, programs, namespaces.init.pid);
    this.#namespaces = namespaces;
  }

  /** Rejects when one of its daemons ends by itself. */
  get failed(): Promise<never> {
    return this.#namespaces.failed;
  }

  /** Ends everything that belongs to it and removes its state folder; the second time nothing. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.close();
    await this.#namespaces.stop();
    await clearRun(this.state);
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * A real Kubernetes node of one machine, ready for pods: API server, scheduler, controllers,
 * kubelet, containerd, pod network, DNS and Services, in namespaces of its own and with state in a
 * folder of its own. Any number run side by side. It ends with `stop` and with this process; what
 * a process that died left behind is cleared away first. Needs root on Linux.
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { runs = join(cacheFolder(), 'nodes'), log } = options;
  await ensureSystemPackages(['nftables', 'iproute2', 'util-linux'], options);
  const programs = await ensureComponents(
    ['kube', 'containerd', 'runc', 'cni', 'coredns', 'helm', 'tools'],
    options,
  );
  for (const cleared of await clearDeadRuns(runs)) log(`cleared away ${cleared}`);
  const { name, state } = await makeRun(runs);
  let namespaces: Namespaces | undefined;
  try {
    const credentials = await prepare(state, programs);
    const cgroups = await planCgroups(name);
    await updateRecord(state, { programs, cgroups: cgroups.folders });
    await makeCgroups(cgroups);
    namespaces = await Namespaces.make({ state, path: nodePath(programs), cgroups });
    await updateRecord(state, { init: namespaces.init });
    await moveToLeaf(cgroups, [namespaces.holderPid, namespaces.init.pid]);
    const node = new Node(state, programs, namespaces);
    const apiPort = options.apiPort ?? 0;
    const up = bringUp({ node, namespaces, credentials, apiPort, log });
    await Promise.race([up, namespaces.failed]);
    return node;
  } catch (error) {
    await namespaces?.stop();
    await clearRun(state);
    throw error;
  }
}

async function prepare(state: string, programs: NodePrograms): Promise<Credentials> {
  for (const folder of ['log', 'daemons', 'var-lib/cni', 'var-lib/kubelet', 'var-log']) {
    await mkdir(join(state, folder), { recursive: true });
  }
  const maxOpenFiles = Number(await runProgram(['bash', '-c', 'ulimit -Hn']));
  const files = configFiles({ state, programs, maxOpenFiles });
  for (const [name, text] of Object.entries(files)) {
    const path = join(state, 'etc', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  for (const [daemon, command] of Object.entries(daemonCommands(state, programs))) {
    await writeFile(join(state, 'daemons', daemon), command.map((word) => `${word}\0`).join(''));
  }
  return writeCredentials(join(state, 'pki'));
}

interface BringUp {
  readonly node: Node;
  readonly namespaces: Namespaces;
  readonly credentials: Credentials;
  readonly apiPort: number;
  readonly log: (line: string) => void;
}

// Daemons that the API server does not know yet are refused and hold back for seconds: they wait.
async function bringUp({ node, namespaces, credentials, apiPort, log }: BringUp): Promise<void> {
  const { relays, kubeconfig } = node;
  const reached = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    await waitFor(what, check, { timeoutMs: 60_000, intervalMs: 50 });
    log(what);
  };
  namespaces.start('etcd', 'kube-apiserver', 'containerd');
  const port = await relays.out({ host: '127.0.0.1', port: NODE.apiPort }, apiPort);
  const url = `https://127.0.0.1:${port}`;
  await writeKubeconfig(kubeconfig, {
    url,
    caPem: credentials.caPem,
    token: credentials.adminToken,
  });
  const imported = importPauseImage(node);
  await reached('API server ready', () => answers(kubeconfig, '/readyz'));
  await grantDnsRights(kubeconfig);
  namespaces.start('kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'coredns');
  await imported;
  namespaces.start('kubelet');
  await reached('node ready', () => isNodeReady(kubeconfig));
  await reached('default ServiceAccount', () =>
    answers(kubeconfig, '/api/v1/namespaces/default/serviceaccounts/default'),
  );
  const dns = await relays.out({ host: '127.0.0.1', port: NODE.dnsReadyPort });
  await reached('DNS ready', () => isOk(`http://127.0.0.1:${dns}/ready`));
  const proxy = await relays.out({ host: NODE.address, port: NODE.proxyHealthPort });
  await reached('Services ready', () => isOk(`http://127.0.0.1:${proxy}/healthz`));
}

async function importPauseImage(node: Node): Promise<void> {
  const archive = await pauseImage(join(node.programs.tools, 'pause'));
  await waitFor('containerd', () => node.run(['ctr', 'version']), { intervalMs: 50 });
  await node.importImage(Readable.from([archive]));
}

async function answers(kubeconfig: string, path: string): Promise<boolean> {
  return (await rawApi(kubeconfig, { path })).status === 200;
}

async function isNodeReady(kubeconfig: string): Promise<boolean> {
  const { body } = await rawApi(kubeconfig, { path: `/api/v1/nodes/${NODE.name}` });
  const { status } = body as {
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  const conditions = status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function isOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}
