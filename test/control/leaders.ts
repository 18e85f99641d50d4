import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistorySink } from '../../src/api/history-records.ts';
import type { Authenticate } from '../../src/control/authenticate.ts';
import {
  HttpControlPort,
  type HttpControlPortOptions,
  type SyncResult,
} from '../../src/control/http-control-port.ts';
import { ShardHub } from '../../src/control/hub.ts';
import type { ProtocolRange } from '../../src/control/messages.ts';
import type { ShardAssignment } from '../../src/control/port.ts';
import { type ControlServer, startControlServer } from '../../src/control/server.ts';
import type { Caller } from '../../src/control/shard-session.ts';
import { type TlsMaterial, trustBundle } from '../../src/control/tls/material.ts';
import { rotate } from '../../src/control/tls/rotation.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import type { Tracing } from '../../src/lib/tracing.ts';

const NAMES = ['127.0.0.1', 'localhost'] as const;

/** Makes TLS material as a leader would at its first start, or with an authority of its own. */
export function newMaterial(nowMs = Date.now()): Promise<TlsMaterial> {
  return rotate(undefined, { nowMs, names: NAMES });
}

/** A replica that listens. It leads as long as `hub` is there. */
export interface Replica {
  hub: ShardHub | undefined;
  holder: string | undefined;
  /** Who keeps the history; nobody unless set. */
  history: HistorySink | undefined;
  readonly server: ControlServer;
  readonly url: string;
}

/**
 * Operator replicas on this machine, the files that a pod has mounted, and the tokens that the API
 * server would vouch for: `token-<pod uid>`.
 */
export class Leaders implements AsyncDisposable {
  readonly folder: string;
  material: TlsMaterial;
  /** Who has which token. */
  readonly pods = new Map<string, Caller>();
  /** Whether the API server can be asked about tokens. */
  canAuthenticate = true;
  /** All that anybody logged. */
  readonly log: string[] = [];
  readonly #replicas: Replica[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  #instances = 0;

  static async start(): Promise<Leaders> {
    const folder = await mkdtemp(join(tmpdir(), 'tenantbot-control-'));
    const leaders = new Leaders(folder, await newMaterial());
    await leaders.publishBundle();
    return leaders;
  }

  private constructor(folder: string, material: TlsMaterial) {
    this.folder = folder;
    this.material = material;
  }

  readonly authenticate: Authenticate = async (bearer) => {
    if (!this.canAuthenticate) throw new Error('the API server is away');
    const pod = this.pods.get(bearer.reveal());
    return pod
      ? { kind: 'shard', ...pod }
      : { kind: 'refused', message: 'Nobody knows this token.' };
  };

  /** A hub of another time of leading. */
  newHub(): ShardHub {
    const instance = `instance-${++this.#instances}`;
    return new ShardHub({ clock: systemClock, instance, refreshMs: 300, successionMs: 500 });
  }

  async addReplica(
    options: {
      readonly port?: number;
      readonly spoken?: ProtocolRange;
      readonly leads?: boolean;
      readonly tracing?: Tracing;
    } = {},
  ): Promise<Replica> {
    const { leads = true, port = 0, spoken, tracing } = options;
    const server = await startControlServer({
      host: '127.0.0.1',
      port,
      ...(spoken && { spoken }),
      tracing,
      hub: () => replica.hub,
      holder: () => replica.holder,
      history: () => replica.history,
      authenticate: this.authenticate,
      certificate: () => this.material.leaf,
      clock: systemClock,
      log: this.logger('leader'),
    });
    const replica: Replica = {
      hub: leads ? this.newHub() : undefined,
      holder: undefined,
      history: undefined,
      server,
      url: `https://127.0.0.1:${server.port}`,
    };
    this.#replicas.push(replica);
    return replica;
  }

  /** Writes what runtimes trust where they look for it. */
  async publishBundle(): Promise<void> {
    await this.#mount('ca.crt', trustBundle(this.material));
  }

  /** Lets the pod in, and gives it its token in a file. */
  async admit(pod: Caller): Promise<string> {
    this.pods.set(`token-${pod.podUid}`, pod);
    return this.#mount(`${pod.podUid}.token`, `token-${pod.podUid}\n`);
  }

  /** As kubelet does in time: the old token is good until the new one is there. */
  async replaceToken(pod: Caller): Promise<void> {
    this.pods.set('another-token', pod);
    await this.#mount(`${pod.podUid}.token`, 'another-token');
    this.pods.delete(`token-${pod.podUid}`);
  }

  /** The port of a runtime in `pod`; it is in contact until the end of the test. */
  async runtimePort(
    url: string,
    pod: Caller,
    options: Partial<HttpControlPortOptions> = {},
  ): Promise<RunningPort> {
    const results: SyncResult[] = [];
    const stop = new AbortController();
    const port = new HttpControlPort({
      url,
      caFile: join(this.folder, 'ca.crt'),
      tokenFile: await this.admit(pod),
      clock: systemClock,
      random: systemRandom,
      log: this.logger(pod.podUid),
      session: `session of ${pod.podUid} ${Math.random()}`,
      onSync: (result) => results.push(result),
      ...options,
    });
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    const ended = port.start(signal);
    this.#running.push(ended);
    return { port, results, signal, stop: () => (stop.abort(), ended) };
  }

  logger(who: string) {
    const write = (message: string): void => void this.log.push(`${who}: ${message}`);
    return { info: write, warn: write };
  }

  /** Changes a file as kubelet does: whoever reads it finds the old or the new one. */
  async #mount(name: string, content: string): Promise<string> {
    const file = join(this.folder, name);
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    await Promise.all(this.#replicas.map(({ server }) => server.close()));
    await rm(this.folder, { recursive: true });
  }
}

/** A runtime's port in contact with a leader. */
export interface RunningPort {
  readonly port: HttpControlPort;
  /** How every request ended so far. */
  readonly results: readonly SyncResult[];
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

/** Takes what a port hands out, as a runtime does; the newest is `latest`. */
export class Follower {
  latest: ShardAssignment | undefined;
  readonly all: ShardAssignment[] = [];

  constructor({ port, signal }: RunningPort) {
    void this.#follow(port.assignments(signal));
  }

  get uids(): string[] | undefined {
    return this.latest?.bots.map(({ uid }) => uid).toSorted();
  }

  async #follow(assignments: AsyncIterable<ShardAssignment>): Promise<void> {
    for await (const assignment of assignments) {
      this.latest = assignment;
      this.all.push(assignment);
    }
  }
}
