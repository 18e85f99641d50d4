import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { environmentError } from '../../../src/lib/errors.ts';
import { waitFor } from '../../support/wait.ts';
import { ApiClient } from './api-client.ts';
import { grantDnsRights } from './bootstrap.ts';
import { makeCgroups, moveToLeaf } from './cgroups.ts';
import { configFiles } from './config-files.ts';
import { type Credentials, renderKubeconfig, writeCredentials } from './credentials.ts';
import { daemonCommands } from './daemons.ts';
import { NODE } from './layout.ts';
import { Namespaces } from './namespaces.ts';
import { NodeAccess } from './node-access.ts';
import { pauseImage } from './pause-image.ts';
import { findPrograms, type Programs } from './programs.ts';
import { runProgram } from './run-program.ts';
import { clearDeadRuns, clearRun, defaultRunsFolder, makeRun, updateRecord } from './runs.ts';

/** How a node is started. */
export interface NodeOptions {
  /** The folder that its state folder is made in. */
  readonly runs?: string;
  /** The port of its API server on 127.0.0.1; a free one unless given. */
  readonly apiPort?: number;
  /** Hears what has been reached. */
  readonly onProgress?: (line: string) => void;
}

/** A node that this process started. */
export class Node extends NodeAccess {
  readonly #namespaces: Namespaces;
  #stopped: Promise<void> | undefined;

  constructor(state: string, bin: string, namespaces: Namespaces) {
    super(state, bin, namespaces.init.pid);
    this.#namespaces = namespaces;
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
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  const { runs = defaultRunsFolder(), onProgress = () => {} } = options;
  const programs = await findPrograms();
  for (const cleared of await clearDeadRuns(runs)) onProgress(`cleared away ${cleared}`);
  const { name, state } = await makeRun(runs);
  let namespaces: Namespaces | undefined;
  try {
    const credentials = await prepare(state, programs);
    const cgroups = await makeCgroups(name);
    await updateRecord(state, { cgroups: cgroups.folders });
    namespaces = await Namespaces.make({ state, bin: programs.bin, cgroups });
    await updateRecord(state, { init: namespaces.init });
    await moveToLeaf(cgroups, [namespaces.holderPid, namespaces.init.pid]);
    const node = new Node(state, programs.bin, namespaces);
    await bringUp({ node, namespaces, credentials, apiPort: options.apiPort ?? 0, onProgress });
    return node;
  } catch (error) {
    await namespaces?.stop();
    await clearRun(state);
    throw error;
  }
}

async function prepare(state: string, programs: Programs): Promise<Credentials> {
  for (const folder of ['log', 'daemons', 'var-lib/cni', 'var-lib/kubelet', 'var-log']) {
    await mkdir(join(state, folder), { recursive: true });
  }
  const maxOpenFiles = Number(await runProgram(['bash', '-c', 'ulimit -Hn']));
  const files = configFiles({ state, ...programs, maxOpenFiles });
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
  readonly onProgress: (line: string) => void;
}

// Daemons that the API server does not know yet are refused and hold back for seconds: they wait.
async function bringUp({ node, namespaces, credentials, apiPort, onProgress }: BringUp) {
  const reached = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    await waitFor(what, async () => (await failIfEnded(node.state, namespaces), check()), {
      timeoutMs: 60_000,
      intervalMs: 50,
    });
    onProgress(what);
  };
  namespaces.start('etcd', 'kube-apiserver', 'containerd');
  const api = { host: '127.0.0.1', port: NODE.apiPort };
  const port = await node.relays.out(api, apiPort);
  const kubeconfig = renderKubeconfig(
    `https://127.0.0.1:${port}`,
    credentials.caPem,
    credentials.adminToken,
  );
  await writeFile(node.kubeconfig, kubeconfig, { mode: 0o600 });
  const client = new ApiClient(port, credentials);
  const answers = async (path: string): Promise<boolean> =>
    (await client.call('GET', path)).status === 200;

  const imported = importPauseImage(node);
  await reached('API server ready', () => answers('/readyz'));
  await grantDnsRights(client);
  namespaces.start('kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'coredns');
  await imported;
  namespaces.start('kubelet');
  await reached('node ready', () => isNodeReady(client));
  await reached('default ServiceAccount', () =>
    answers('/api/v1/namespaces/default/serviceaccounts/default'),
  );
  const dns = await node.relays.out({ host: '127.0.0.1', port: NODE.dnsReadyPort });
  await reached('DNS ready', () => isOk(`http://127.0.0.1:${dns}/ready`));
  const proxy = await node.relays.out({ host: NODE.address, port: NODE.proxyHealthPort });
  await reached('Services ready', () => isOk(`http://127.0.0.1:${proxy}/healthz`));
}

async function importPauseImage(node: Node): Promise<void> {
  const archive = await pauseImage(join(node.bin, 'pause'));
  const ctr = ['ctr', '--namespace=k8s.io'];
  await waitFor('containerd', () => node.run([...ctr, 'version']), { intervalMs: 50 });
  await node.run([...ctr, 'images', 'import', '-'], Readable.from([archive]));
}

async function isNodeReady(client: ApiClient): Promise<boolean> {
  const { body } = await client.call('GET', `/api/v1/nodes/${NODE.name}`);
  const { status } = body as {
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

async function isOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

async function failIfEnded(state: string, { ended }: Namespaces): Promise<void> {
  const [first] = ended;
  if (!first) return;
  const log = await readFile(join(state, 'log', `${first[0]}.log`), 'utf8');
  throw environmentError(
    'NODE_DAEMON',
    `${first[0]} ended with exit code ${first[1]}; it wrote last:\n${log.slice(-2_000)}`,
  );
}
