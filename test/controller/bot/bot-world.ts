import { Registry } from 'prom-client';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { NO_HISTORY } from '../../../src/api/history-availability.ts';
import type { TenantBotStatus } from '../../../src/api/tenant-bot-status.ts';
import { ShardHub } from '../../../src/control/hub.ts';
import type { ShardId } from '../../../src/control/shard-id.ts';
import type { BotEvent } from '../../../src/controller/bot/events.ts';
import { BotReconciler } from '../../../src/controller/bot/reconcile.ts';
import { type StoredBot, TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { ClusterCaches } from '../../../src/controller/cluster-caches.ts';
import { FleetReconciler } from '../../../src/controller/fleet/reconcile.ts';
import { BOT_FLEETS, readFleetSpec } from '../../../src/controller/fleet/stored-fleet.ts';
import { watchFleets } from '../../../src/controller/fleet/watch.ts';
import { SecretReader } from '../../../src/controller/secrets/secret-reader.ts';
import { isStatus } from '../../../src/kube/api-error.ts';
import { Controller } from '../../../src/kube/controller.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { RetryLimiter } from '../../../src/kube/rate-limiter.ts';
import { type KubeObject, objectKey } from '../../../src/kube/resource.ts';
import { SECRETS } from '../../../src/kube/well-known.ts';
import { WorkQueue } from '../../../src/kube/work-queue.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { randomToken, systemRandom } from '../../../src/lib/random.ts';
import { runTogether } from '../../../src/lib/run-together.ts';
import type { Move } from '../../../src/planner/fleet-state.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { makeNamespace, type TestNamespace } from '../../cluster/namespace.ts';
import { connect } from '../../kube/api-world.ts';
import { waitFor } from '../../support/wait.ts';
import { SETTINGS } from '../fleet/fleets.ts';
import { FakeRuntime, PollLedger } from './fake-runtime.ts';
import { type MortalClient, mortalClient } from './write-faults.ts';

/** A TenantBot as the tests read it. */
export interface SeenBot extends KubeObject {
  readonly spec: { readonly fleet: string };
  readonly status?: TenantBotStatus;
}

/** A time of leading: the bots' controller with caches and a hub of its own. */
export interface Leader extends AsyncDisposable {
  readonly hub: ShardHub;
  readonly mortal: MortalClient;
  readonly events: readonly (BotEvent & { readonly bot: string })[];
  readonly log: readonly string[];
  /** Moves that have begun. */
  readonly moves: readonly Move[];
  readonly done: Promise<void>;
}

/** Two tenants' namespaces, one of them the operator's as well, on the real API server. */
export class BotWorld {
  readonly client: HttpKubeClient;
  readonly namespaces: readonly [string, string];
  readonly clock = new AdjustableClock({ base: systemClock });
  readonly ledger = new PollLedger();
  leader: Leader | undefined;
  readonly #runtimes = new Map<string, { runtime: FakeRuntime; kill: () => Promise<void> }>();

  constructor(client: HttpKubeClient, namespaces: readonly [string, string]) {
    this.client = client;
    this.namespaces = namespaces;
  }

  /**
   * A leader begins. With `dieAfterWrites` it is killed as soon as it has written that often; with
   * `fleets` it looks after fleets, too; with `pods` it goes by the pods that there are.
   */
  async lead({ dieAfterWrites = Infinity, fleets = false, pods = false } = {}): Promise<Leader> {
    const { clock } = this;
    const [namespace] = this.namespaces;
    const stop = new AbortController();
    const lines: string[] = [];
    const log = createLog({
      level: 'debug',
      format: 'json',
      destination: { write: (line) => void lines.push(line) },
    });
    const mortal = mortalClient(this.client, {
      most: dieAfterWrites,
      onDeath: () => {
        if (this.leader === leader) this.leader = undefined;
        stop.abort();
      },
    });
    const { client } = mortal;
    const caches = new ClusterCaches({
      client: this.client,
      namespace,
      botNamespaces: this.namespaces,
      watchSecrets: false,
      registry: new Registry(),
      clock,
      random: systemRandom,
      log,
    });
    const hub = new ShardHub({ clock, instance: randomToken(), refreshMs: 50 });
    const queue = new WorkQueue({
      clock,
      limiter: new RetryLimiter({ clock, random: systemRandom }),
    });
    const fleetQueue = new WorkQueue({
      clock,
      limiter: new RetryLimiter({ clock, random: systemRandom }),
    });
    const events: (BotEvent & { readonly bot: string })[] = [];
    const moves: Move[] = [];
    const reconciler = new BotReconciler({
      client,
      listers: {
        bots: caches.bots,
        fleets: caches.fleets,
        namespaces: caches.namespaces,
        ...(pods && { pods: caches.pods }),
      },
      secrets: new SecretReader({ client }),
      shards: hub,
      queue,
      observe: (bot) => caches.observeBot(bot),
      event: (bot, event) => events.push({ bot: bot.metadata.name, ...event }),
      warn: (message) => log.warn(message),
      onSize: (name) => fleetQueue.add(objectKey({ namespace, name })),
      onMoves: (_, begun) => moves.push(...begun),
      clock,
      random: systemRandom,
      namespace,
      botNamespaces: this.namespaces,
    });
    const controller = new Controller({
      name: 'tenantbot',
      reconcile: (key, signal) => reconciler.reconcile(key, signal),
      queue,
      concurrency: 8,
      log,
      clock,
    });
    const fleetReconciler = new FleetReconciler({
      ...SETTINGS.defaults,
      client: this.client,
      listers: caches,
      operatorNamespace: namespace,
      controlCa: () => SETTINGS.controlCa,
      reserved: (fleet) => reconciler.reserved(fleet),
      lost: (fleet) => reconciler.lost(fleet),
      rates: () => undefined,
      history: () => NO_HISTORY,
      events: { record: () => undefined },
      clock,
      log,
    });
    const fleetController = new Controller({
      name: 'botfleet',
      reconcile: (key, signal) => fleetReconciler.reconcile(key, signal),
      queue: fleetQueue,
      log,
      clock,
    });
    watchFleets(caches, { namespace, onKey: (key) => fleetQueue.add(key) });
    caches.fleets.subscribe(({ after }) => {
      const reading = after && readFleetSpec(after);
      if (reading?.kind === 'ok')
        hub.setFleet(after?.metadata.name ?? '', { fleet: reading.spec, shards: 1 });
    });
    const done = runTogether(stop.signal, [
      (signal) => caches.start(signal),
      async (signal) => {
        await caches.waitForSync(signal);
        await runTogether(signal, [
          (signal) => reconciler.start(signal),
          (signal) => controller.start(signal),
          ...(fleets ? [(signal: AbortSignal) => fleetController.start(signal)] : []),
        ]);
      },
    ]).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    const leader: Leader = {
      hub,
      mortal,
      events,
      log: lines,
      moves,
      done,
      [Symbol.asyncDispose]: async () => {
        if (this.leader === leader) this.leader = undefined;
        stop.abort();
        hub.close();
        await done;
      },
    };
    this.leader = leader;
    return leader;
  }

  /** The runtime of a shard comes up. */
  run(shard: ShardId, podUid = 'pod-1'): FakeRuntime {
    const { clock, ledger } = this;
    const hub = (): ShardHub | undefined => this.leader?.hub;
    const runtime = new FakeRuntime({ shard, hub, ledger, clock }, podUid);
    const stop = new AbortController();
    const ended = runtime.start(stop.signal);
    const kill = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    this.#runtimes.set(`${shard.fleet}/${shard.ordinal}`, { runtime, kill });
    return runtime;
  }

  /** The runtime of a shard dies at once. */
  async kill({ fleet, ordinal }: ShardId): Promise<void> {
    await this.#runtimes.get(`${fleet}/${ordinal}`)?.kill();
    this.#runtimes.delete(`${fleet}/${ordinal}`);
  }

  /** Time goes on, not faster than the shard is heard. */
  async oneSecond(shard: ShardId): Promise<void> {
    await this.clock.advanceAsync(1_000);
    const nowMs = this.clock.monotonicMs();
    await waitFor('the shard to be heard', () => (this.leader?.hub.lastSeen(shard) ?? 0) >= nowMs);
  }

  /** Stops whatever runs. */
  async stop(): Promise<void> {
    for (const { kill } of this.#runtimes.values()) await kill();
    this.#runtimes.clear();
    await this.leader?.[Symbol.asyncDispose]();
  }

  async fleet(name: string, sharding: object = {}, more: object = {}): Promise<void> {
    const [namespace] = this.namespaces;
    await this.client.apply(
      BOT_FLEETS,
      {
        apiVersion: 'tenantbot.dev/v1alpha1',
        kind: 'BotFleet',
        metadata: { name, namespace },
        spec: { sharding, ...more },
      },
      { fieldManager: 'test', force: true },
    );
  }

  async secret(name: string, token: string, namespace = this.namespaces[0]): Promise<void> {
    await this.client.apply(
      SECRETS,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { token } },
      { fieldManager: 'test', force: true },
    );
  }

  /** Applies a bot; its Secret is named like it unless given. */
  async bot(name: string, { namespace = this.namespaces[0], ...change }: BotChange = {}) {
    const { finalizers, annotations = {}, ...spec } = change;
    return this.client.apply<StoredBot>(
      TENANT_BOTS,
      {
        apiVersion: 'tenantbot.dev/v1alpha1',
        kind: 'TenantBot',
        metadata: { name, namespace, annotations, ...(finalizers && { finalizers }) },
        spec: {
          tokenSecretRef: { name },
          handlers: [{ command: { name: 'start', reply: { text: 'Hello.' } } }],
          ...spec,
        },
      },
      { fieldManager: 'test', force: true },
    );
  }

  /** A bot with a Secret that holds a token of the bot at Telegram with `botId`. */
  async botWithToken(name: string, botId: number, change: BotChange = {}) {
    await this.secret(name, tokenOf(botId), change.namespace);
    return this.bot(name, change);
  }

  async get(name: string, namespace = this.namespaces[0]): Promise<SeenBot | undefined> {
    try {
      return await this.client.get(TENANT_BOTS as never, { name, namespace });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async delete(name: string, namespace = this.namespaces[0]): Promise<void> {
    await this.client.delete(TENANT_BOTS, { name, namespace });
  }

  /** Waits until the bot's status is as `check` says, and returns the bot. */
  async until(
    name: string,
    what: string,
    check: (status: TenantBotStatus, bot: SeenBot) => boolean,
    namespace = this.namespaces[0],
  ): Promise<SeenBot> {
    let last: SeenBot | undefined;
    try {
      return await waitFor(`${name} ${what}`, async () => {
        last = await this.get(name, namespace);
        return last?.status && check(last.status, last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}; last ${JSON.stringify(last?.status)}`, { cause: error });
    }
  }

  untilReady(name: string, namespace = this.namespaces[0]): Promise<SeenBot> {
    const check = (status: TenantBotStatus, { metadata }: SeenBot): boolean => {
      const ready = condition(status, 'Ready');
      return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
    };
    return this.until(name, 'to be ready', check, namespace);
  }

  untilReason(name: string, reason: string, namespace = this.namespaces[0]): Promise<SeenBot> {
    const check = (status: TenantBotStatus): boolean =>
      condition(status, 'Ready')?.reason === reason;
    return this.until(name, `to be ${reason}`, check, namespace);
  }

  async untilGone(name: string, namespace = this.namespaces[0]): Promise<void> {
    // A whole namespace takes its time.
    const timeoutMs = 40_000;
    await waitFor(`${name} to be gone`, async () => !(await this.get(name, namespace)), {
      timeoutMs,
    });
  }
}

type BotChange = {
  readonly namespace?: string | undefined;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly fleet?: string;
  readonly suspended?: boolean;
  readonly limits?: object;
  readonly tokenSecretRef?: object;
  readonly handlers?: readonly object[];
};

/** Looks like a token of the bot with that id. */
export function tokenOf(botId: number, secret = 'x'): string {
  return `${botId}:${secret.repeat(35).slice(0, 35)}`;
}

export function condition(status: TenantBotStatus | undefined, type: string) {
  return status?.conditions?.find((candidate) => candidate.type === type);
}

/** Gives each test of the suite a world of its own, with a fleet `default`. */
export function botWorld(kubeconfig: string): () => BotWorld {
  let client: HttpKubeClient;
  let world: BotWorld | undefined;
  let namespaces: readonly TestNamespace[] = [];
  beforeAll(async () => {
    client = await connect(kubeconfig, { rate: { perSecond: 2_000, burst: 2_000 } });
    return () => client.close();
  });
  beforeEach(async () => {
    const made = await Promise.all([makeNamespace(kubeconfig), makeNamespace(kubeconfig)]);
    namespaces = made;
    world = new BotWorld(client, [made[0].name, made[1].name]);
    await world.fleet('default');
  });
  afterEach(async () => {
    await world?.stop();
    await Promise.all(namespaces.map((namespace) => namespace[Symbol.asyncDispose]()));
    expect(world?.ledger.violations).toEqual([]);
  });
  return () => world ?? expect.unreachable('asked before the test began');
}
