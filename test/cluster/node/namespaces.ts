import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environmentError } from '../../../src/lib/errors.ts';
import { identifyProcess, type ProcessIdentity } from '../../../src/lib/process-identity.ts';
import { type NodeCgroups, procsFiles } from './cgroups.ts';
import { NODE } from './layout.ts';

/** What the namespaces of a node are made with. */
export interface NamespaceOptions {
  readonly state: string;
  /** Where programs are looked for. */
  readonly path: string;
  readonly cgroups: NodeCgroups;
}

/**
 * The namespaces of a node. All that runs in them ends with `stop` and, whichever way that comes
 * about, with this process.
 */
export class Namespaces {
  /** Their PID 1, as seen from here. */
  readonly init: ProcessIdentity;
  /** Their parent out here. */
  readonly holderPid: number;
  readonly #holder: ChildProcess;
  /** Rejects with its name and last words when a daemon ends, which none is meant to. */
  readonly failed: Promise<never>;
  readonly #failure = Promise.withResolvers<never>();

  private constructor(holder: ChildProcess, holderPid: number, init: ProcessIdentity) {
    this.#holder = holder;
    this.holderPid = holderPid;
    this.init = init;
    this.failed = this.#failure.promise;
    this.failed.catch(() => {});
  }

  /** Makes them, with their mounts and their network. */
  static async make({ state, path, cgroups }: NamespaceOptions): Promise<Namespaces> {
    const script = (name: string): string => join(import.meta.dirname, name);
    const holder = spawn(script('enter.sh'), [script('init.sh')], {
      // Out of the terminal's process group: Ctrl-C is ours to act on.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: path,
        HOME: '/root',
        STATE: state,
        CGROUP_MODE: cgroups.mode,
        CGROUP_HIERARCHIES: cgroups.hierarchies.join(' '),
        CGROUP_PROCS: procsFiles(cgroups).join(' '),
        NODE_NAME: NODE.name,
        NODE_ADDRESS: NODE.address,
        SERVICE_NETWORK: NODE.serviceNetwork,
      },
    });
    holder.stdin?.on('error', () => {});
    let said = '';
    holder.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    const lines = createInterface({ input: holder.stdout });
    const [outcome] = await Promise.race([
      once(lines, 'line'),
      once(holder, 'close').then(() => ['ended']),
      once(holder, 'error'),
    ]);
    const pid = holder.pid;
    const init = pid === undefined ? undefined : await onlyChild(pid);
    if (outcome !== 'up' || pid === undefined || !init) {
      throw environmentError('NODE_NAMESPACES', `the node's namespaces failed: ${said || outcome}`);
    }
    const namespaces = new Namespaces(holder, pid, init);
    lines.on('line', (line) => namespaces.#heard(line, state));
    return namespaces;
  }

  /** Starts the daemons whose command lines lie in the state folder under these names. */
  start(...daemons: readonly string[]): void {
    for (const daemon of daemons) this.#holder.stdin?.write(`${daemon}\n`);
  }

  /** Ends all that runs in them. */
  async stop(): Promise<void> {
    const holder = this.#holder;
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const closed = once(holder, 'exit');
    process.kill(this.init.pid, 'SIGKILL');
    await closed;
  }

  #heard(line: string, state: string): void {
    const [, daemon, code] = /^ended (\S+) (\d+)$/.exec(line) ?? [];
    if (!daemon) return;
    const log = readFileSync(join(state, 'log', `${daemon}.log`), 'utf8');
    const words = `${daemon} ended with exit code ${code}; it wrote last:\n${log.slice(-2_000)}`;
    this.#failure.reject(environmentError('NODE_DAEMON', words));
  }
}

async function onlyChild(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return await identifyProcess(Number(children.trim().split(' ')[0]));
  } catch {
    return undefined;
  }
}
