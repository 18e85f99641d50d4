import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { environmentError } from '../../../src/lib/errors.ts';
import { isRunning } from '../../../src/lib/process-identity.ts';
import type { NodePrograms } from '../components.ts';
import { Relays } from './relays.ts';
import { runProgram } from './run-program.ts';
import { readRecord } from './runs.ts';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A running node, from any process of this machine: the one that started it or, by `attachNode`,
 * another. Relays that were opened through it end with `close`; the node itself does not.
 */
export class NodeAccess implements AsyncDisposable {
  /** Its state folder. */
  readonly state: string;
  /** A kubeconfig with all rights, for programs on this machine. */
  readonly kubeconfig: string;
  /** The API server's audit log, a JSON object a line; bodies only for our own resources. */
  readonly auditLog: string;
  /** The folders of its programs: kubectl is in `programs.kube`, helm in `programs.helm`. */
  readonly programs: NodePrograms;
  readonly #initPid: number;
  #relays: Relays | undefined;

  constructor(state: string, programs: NodePrograms, initPid: number) {
    this.state = state;
    this.kubeconfig = join(state, 'kubeconfig');
    this.auditLog = join(state, 'log/audit.jsonl');
    this.programs = programs;
    this.#initPid = initPid;
  }

  /** Ways in and out of its network: pods' addresses, Services' addresses, its own. */
  get relays(): Relays {
    this.#relays ??= new Relays(this.#initPid);
    return this.#relays;
  }

  /**
   * Runs `command` inside, as root: what it writes to its standard output. Rejects with what it
   * said where it fails.
   */
  run(command: readonly string[], input?: Readable): Promise<string> {
    const enter = ['nsenter', `--target=${this.#initPid}`, '--mount', '--net', '--pid', '--'];
    const env = { PATH: nodePath(this.programs) };
    return runProgram([...enter, ...command], { input, env });
  }

  /** Makes the images of an archive (OCI layout or docker-save) known to the kubelet. */
  async importImage(archive: string | Readable): Promise<void> {
    const stream = typeof archive === 'string' ? createReadStream(archive) : archive;
    await this.run(['ctr', '--namespace=k8s.io', 'images', 'import', '-'], stream);
  }

  /** Closes the relays. */
  async close(): Promise<void> {
    await this.#relays?.close();
    this.#relays = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Where programs are looked for inside a node: ours first, since the shim must be containerd's. */
export function nodePath(programs: NodePrograms): string {
  return [...Object.values(programs), SYSTEM_PATH].join(':');
}

/** The node whose state folder is `state`; rejects where it has ended. */
export async function attachNode(state: string): Promise<NodeAccess> {
  const { init, programs } = await readRecord(state);
  if (!init || !programs || !(await isRunning(init))) {
    throw environmentError('NO_NODE', `the node of ${state} has ended`);
  }
  return new NodeAccess(state, programs, init.pid);
}
