import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { BOT_FLEETS } from '../../../src/controller/fleet/stored-fleet.ts';
import { LEADER_LEASE } from '../../../src/controller/rights.ts';
import { holderOf, LEASES, type Lease } from '../../../src/kube/elector-record.ts';
import { DEFAULT_ELECTION_TIMINGS } from '../../../src/kube/elector-timings.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { type ClusterAccess, loadClusterAccess } from '../../../src/kube/kubeconfig.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { makeNamespace } from '../../cluster/namespace.ts';
import { connect } from '../../kube/api-world.ts';
import { type Program, startScript } from '../../support/program.ts';
import { waitFor } from '../../support/wait.ts';
import { type AuditedElection, auditedElection } from './audited-terms.ts';
import type { ReplicaOptions, ReplicaRequest } from './operator-program.ts';

const PROGRAM = fileURLToPath(new URL('operator-program.ts', import.meta.url));
const BOTS = 10;
const PATIENCE_MS = 60_000;
/** Between two changes that keep a leader busy: it must be able to follow. */
const PAUSE_MS = 50;

export interface ReplicasOptions {
  readonly kubeconfig: string;
  readonly auditLog: string;
}

/** One replica of the operator. */
export interface Replica {
  readonly name: string;
  readonly program: Program;
  readonly controlPort: number;
  readonly ask: (request: ReplicaRequest) => Promise<unknown>;
}

/** Replicas of the operator in processes of their own, over one namespace with bots in it. */
export class Replicas implements AsyncDisposable {
  readonly namespace: string;
  readonly client: HttpKubeClient;
  readonly #options: ReplicasOptions;
  readonly #access: ClusterAccess;
  readonly #stack: AsyncDisposableStack;
  readonly #replicas: Replica[] = [];
  #started = 0;
  #changes = 0;

  private constructor(
    options: ReplicasOptions,
    stack: AsyncDisposableStack,
    world: Pick<Replicas, 'namespace' | 'client'> & { readonly access: ClusterAccess },
  ) {
    this.#options = options;
    this.#stack = stack;
    this.namespace = world.namespace;
    this.client = world.client;
    this.#access = world.access;
  }

  static async open(options: ReplicasOptions): Promise<Replicas> {
    const stack = new AsyncDisposableStack();
    const { name: namespace } = stack.use(await makeNamespace(options.kubeconfig));
    const client = stack.adopt(await connect(options.kubeconfig), (each) => each.close());
    const access = await loadClusterAccess(options.kubeconfig);
    const replicas = new Replicas(options, stack, { namespace, client, access });
    await replicas.#makeObjects();
    return replicas;
  }

  /** Starts a replica, through a proxy where `access` leads there; each has a name of its own. */
  async start(access = this.#access): Promise<Replica> {
    const { namespace } = this;
    const name = `operator-${this.#started++}`;
    const controlPort = await freePort();
    const { headers, tls } = await access.credentials();
    const options: ReplicaOptions = {
      timings: DEFAULT_ELECTION_TIMINGS,
      namespace,
      name,
      userAgent: `${namespace}/${name}`,
      server: access.server.href,
      // As text: buffers do not survive the way there.
      credentials: { headers, tls: tls.ca ? { ca: String(tls.ca) } : {} },
      controlPort,
    };
    const program = this.#stack.use(
      await startScript(PROGRAM, {
        args: [JSON.stringify(options)],
        until: /became leader|has a new holder/,
        timeoutMs: PATIENCE_MS,
      }),
    );
    const ask = (request: ReplicaRequest): Promise<unknown> => program.ask(request);
    const replica: Replica = { name, program, controlPort, ask };
    this.#replicas.push(replica);
    return replica;
  }

  /** Resolves to who leads once that is somebody other than `before`, and it has acted. */
  async leader(before?: Replica): Promise<Replica> {
    const holder = await waitFor(
      'a leader',
      async () => {
        const holder = holderOf(await this.lease());
        return holder !== undefined && !holder.startsWith(`${before?.name}_`) && holder;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 50 },
    );
    await this.untilServed();
    const name = holder.replace(/_.*/, '');
    return this.#replicas.find((each) => each.name === name) ?? expect.unreachable(holder);
  }

  lease(): Promise<Lease> {
    return this.client.get(LEASES, { namespace: this.namespace, name: LEADER_LEASE });
  }

  /** Changes every bot, and resolves when somebody has written what became of all. */
  async untilServed(): Promise<void> {
    const changed = await this.change();
    await waitFor(
      'the bots to be served',
      async () => {
        const { items } = await this.client.list(TENANT_BOTS, { namespace: this.namespace });
        return items.every(({ metadata, status }) => {
          const seen = status as { observedGeneration?: number } | undefined;
          return (seen?.observedGeneration ?? 0) >= (changed.get(metadata.name) ?? 0);
        });
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 50 },
    );
  }

  /** Changes every bot once; resolves to their generations, by name. */
  async change(): Promise<ReadonlyMap<string, number>> {
    return new Map(await Promise.all(names().map((name) => this.#change(name))));
  }

  /** Changes one bot after the other until `signal` aborts, so that the leader always writes. */
  async keepChanging(signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      await this.#change(`bot-${n % BOTS}`);
      await sleep(PAUSE_MS);
    }
  }

  /** What they did, by the API server's books. */
  election(): Promise<AuditedElection> {
    return auditedElection(this.#options.auditLog, this.namespace);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #change(name: string): Promise<readonly [string, number]> {
    const spec = { restart: { cooldownSeconds: 10 + (this.#changes++ % 50) } };
    const bot = { namespace: this.namespace, name };
    const { metadata } = await this.client.mergePatch(TENANT_BOTS, bot, { spec });
    return [name, metadata.generation ?? 0];
  }

  async #makeObjects(): Promise<void> {
    const { namespace, client } = this;
    const apiVersion = 'tenantbot.dev/v1alpha1';
    await client.create(BOT_FLEETS, {
      apiVersion,
      kind: 'BotFleet',
      metadata: { namespace, name: 'default' },
      spec: {},
    });
    const spec = {
      tokenSecretRef: { name: 'none' },
      handlers: [{ command: { name: 'start', reply: { text: 'Hello.' } } }],
    };
    await Promise.all(
      names().map((name) =>
        client.create(TENANT_BOTS, {
          apiVersion,
          kind: 'TenantBot',
          metadata: { namespace, name },
          spec,
        }),
      ),
    );
  }
}

function names(): string[] {
  return Array.from({ length: BOTS }, (_, index) => `bot-${index}`);
}
