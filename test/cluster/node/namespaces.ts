import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environmentError } from '../../../src/lib/errors.ts';
import { type NodeCgroups, procsFiles } from './cgroups.ts';
import { NODE } from './layout.ts';
import { identify, killAtOnce, type ProcessIdentity } from './processes.ts';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the namespaces of a node are made with. */
export interface NamespaceOptions {
  readonly state: string;
  /** Where the daemons and what they call are. */
  readonly bin: string;
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
  readonly #ended = new Map<string, string>();

  private constructor(holder: ChildProcess, holderPid: number, init: ProcessIdentity) {
    this.#holder = holder;
    this.holderPid = holderPid;
    this.init = init;
  }

  /** Makes them, with their mounts and their network. */
  static async make({ state, bin, cgroups }: NamespaceOptions): Promise<Namespaces> {
    const script = (name: string): string => join(import.meta.dirname, name);
    const holder = spawn(script('enter.sh'), [script('init.sh')], {
      // Out of the terminal's process group: Ctrl-C is ours to act on.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: `${bin}:${SYSTEM_PATH}`,
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
    lines.on('line', (line) => namespaces.#heard(line));
    return namespaces;
  }

  /** Starts the daemons whose command lines lie in the state folder under these names. */
  start(...daemons: readonly string[]): void {
    for (const daemon of daemons) this.#holder.stdin?.write(`${daemon}\n`);
  }

  /** The daemons that have ended, each with its exit code; none is meant to. */
  get ended(): ReadonlyMap<string, string> {
    return this.#ended;
  }

  /** Ends all that runs in them. */
  async stop(): Promise<void> {
    const holder = this.#holder;
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const closed = once(holder, 'exit');
    killAtOnce(this.init);
    await closed;
  }

  #heard(line: string): void {
    const [, daemon, code] = /^ended (\S+) (\d+)$/.exec(line) ?? [];
    if (daemon && code) this.#ended.set(daemon, code);
  }
}

async function onlyChild(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return identify(Number(children.trim().split(' ')[0]));
  } catch {
    return undefined;
  }
}
