import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { environmentError } from '../../../src/lib/errors.ts';
import { isAlive } from './processes.ts';
import { runProgram } from './run-program.ts';
import { Relays } from './relays.ts';
import { readRecord } from './runs.ts';

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
  /** A folder with kubectl, helm and ctr. */
  readonly bin: string;
  readonly #initPid: number;
  #relays: Relays | undefined;

  constructor(state: string, bin: string, initPid: number) {
    this.state = state;
    this.kubeconfig = join(state, 'kubeconfig');
    this.auditLog = join(state, 'log/audit.jsonl');
    this.bin = bin;
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
  run(command: readonly string[], input?: NodeJS.ReadableStream): Promise<string> {
    const enter = ['nsenter', `--target=${this.#initPid}`, '--mount', '--net', '--pid', '--'];
    const path = `${this.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    return runProgram([...enter, 'env', '-i', `PATH=${path}`, ...command], { input });
  }

  /** Makes the images of an archive (OCI layout or docker-save) known to the kubelet. */
  async importImage(archive: string): Promise<void> {
    const ctr = ['ctr', '--namespace=k8s.io', 'images', 'import', '-'];
    await this.run(ctr, createReadStream(archive));
  }

  /** Closes the relays. */
  async close(): Promise<void> {
    await this.#relays?.close();
    this.#relays = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The node whose state folder is `state`; rejects where it has ended. */
export async function attachNode(state: string, bin: string): Promise<NodeAccess> {
  const { init } = await readRecord(state);
  if (!init || !isAlive(init)) {
    throw environmentError('NO_NODE', `the node of ${state} has ended`);
  }
  return new NodeAccess(state, bin, init.pid);
}
